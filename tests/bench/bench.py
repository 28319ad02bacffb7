"""Functions that the benchmarks beside this file share."""
import math
import os
import re
import resource
import statistics
import subprocess

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))


def output_of(command, **options):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **options).stdout


def use_tools(work):
    """Puts the tools in $XAAS_BIN into PATH. If it is not set, builds the tools of build/release and uses those."""
    subprocess.run([f"{ROOT}/tests/setup"], check=True)
    tools = os.environ.get("XAAS_BIN")
    if tools is None:
        with open(f"{work}/tools.log", "w") as log:
            subprocess.run(["cmake", "--preset", "release", "-S", ROOT], check=True, cwd=ROOT, stdout=log)
            subprocess.run(["cmake", "--build", f"{ROOT}/build/release"], check=True, stdout=log)
        tools = f"{ROOT}/build/release/bin"
    os.environ["PATH"] = tools + ":" + os.environ["PATH"]


def cpu_of(command, **options):
    """Returns the seconds of CPU that a command takes, with all that it starts."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, **options)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def instructions_of(command, cwd):
    """Returns the number of instructions of a run, or None if valgrind does not know one of them."""
    run = subprocess.run(["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null", *command],
                         cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    found = re.search(r"I\s+refs:\s+([0-9,]+)", run.stderr)
    return int(found.group(1).replace(",", "")) if run.returncode == 0 and found else None


def in_turns(run, count, runs):
    """Calls run(0) to run(count - 1) in turn, `runs` times; each returns the seconds of a program. Returns the median of the
    seconds of the first program, and for each program the median of its time over that of the first program in the same turn."""
    ratios, seconds = [[] for _ in range(count)], []
    for turn in range(runs):
        times = [0.0] * count
        # Every other turn goes the other way round, so that no program is at a disadvantage because it comes later.
        for i in range(count) if turn % 2 == 0 else reversed(range(count)):
            times[i] = run(i)
        seconds.append(times[0])
        for i, one in enumerate(times):
            ratios[i].append(one / times[0])
    return statistics.median(seconds), [statistics.median(values) for values in ratios]


def geometric_mean(values):
    return math.exp(sum(math.log(value) for value in values) / len(values))


def unpack(name, version, work):
    return output_of([f"{ROOT}/tests/debian-source", name, version, f"{work}/sources"]).strip()


def print_table(header, rows):
    widths = [max(len(str(row[i])) for row in [header, *rows]) for i in range(len(header))]
    for row in [header, *rows]:
        print("  ".join(str(cell).ljust(width) if i == 0 else str(cell).rjust(width) for i, (cell, width) in enumerate(zip(row, widths))))
    print()


def about_this_machine():
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "")
    return f"{os.uname().machine}, {model}, {os.cpu_count()} CPUs, {output_of(['clang-19', '--version']).splitlines()[0]}"

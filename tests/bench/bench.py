"""Functions that the benchmarks beside this file share."""
import os
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


def print_table(header, rows):
    widths = [max(len(str(row[i])) for row in [header, *rows]) for i in range(len(header))]
    for row in [header, *rows]:
        print("  ".join(str(cell).ljust(width) if i == 0 else str(cell).rjust(width) for i, (cell, width) in enumerate(zip(row, widths))))
    print()


def about_this_machine():
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "")
    return f"{os.uname().machine}, {model}, {os.cpu_count()} CPUs, {output_of(['clang-19', '--version']).splitlines()[0]}"

# The plane-wave program of Quantum ESPRESSO 6.7 as Debian has the source: 541 units, nearly all of them Fortran with
# modules, and BLAS and LAPACK from the build machine. All units are captured. The program, lowered and as the baseline,
# gives the energy, the force and the pressure that Debian's own build by gfortran gives.
. "$(dirname "$0")/../lib.sh"
need_fuse
source=$("$XAAS_SOURCE/tests/debian-source" quantum-espresso 6.7-2 "$XAAS_FIXTURES/sources")
mkxaas -q --report "$work/report.json" "$source" "$work/qe.xaas" \
  --configure './configure --prefix="$PREFIX" --disable-parallel' --build 'make -j$JOBS pw' \
  --install 'install -D -t "$DESTDIR$PREFIX/bin" bin/pw.x'
python3 - "$work/report.json" <<'P'
import json, sys
program, = json.load(open(sys.argv[1]))["programs"]
assert program["ir"] > 500, program["ir"]
assert all(native["reason"] == "not a part of the project" for native in program["native"]), program["native"]
P
cat >"$work/si.in" <<S
&control
  calculation = 'scf', tstress = .true., tprnfor = .true., pseudo_dir = '$source/pseudo', outdir = './out'
/
&system
  ibrav = 2, celldm(1) = 10.20, nat = 2, ntyp = 1, ecutwfc = 16.0
/
&electrons
  conv_thr = 1.0d-10
/
ATOMIC_SPECIES
 Si 28.086 Si_r.upf
ATOMIC_POSITIONS (alat)
 Si 0.00 0.00 0.00
 Si 0.26 0.25 0.25
K_POINTS automatic
 2 2 2 1 1 1
S
export OMP_NUM_THREADS=1 OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
# results NAME PROGRAM: prints energy, force and pressure, with the digits to which the iterations converge.
results() {
  mkdir "$work/$1"
  (cd "$work/$1" && "$2" -in "$work/si.in") >"$work/$1.out" 2>&1 || die "$(tail "$work/$1.out")"
  contains "$(cat "$work/$1.out")" "JOB DONE."
  python3 - "$work/$1.out" <<'P'
import re, sys
text = open(sys.argv[1]).read()
energy, = re.findall(r"^! +total energy += +(\S+) Ry", text, re.M)
force, = re.findall(r"Total force = +(\S+)", text)
pressure, = re.findall(r"P= +(\S+)", text)
print(f"{float(energy):.7f} {float(force):.4f} {float(pressure):.1f}")
P
}
expected=$(results debian /usr/bin/pw.x)
mount_image "$work/qe.xaas" "$work/app"
equal "$expected" "$(results lowered "$work/app/bin/pw.x")"
equal ready "$(state_of "$work/app/bin/pw.x")"
mount_image "$work/qe.xaas" "$work/plain" lower=never
equal "$expected" "$(results baseline "$work/plain/bin/pw.x")"

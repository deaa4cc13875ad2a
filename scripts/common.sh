# SPDX-License-Identifier: LGPL-2.1-or-later
# What the scripts of this folder share; they source it, it does nothing by itself.
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 # parallel by MPI ranks; a thread pool per rank only gets in the way
# Memory in pages of 2 MB where Linux leaves that to the program ("madvise"): on a virtual machine, what does not stay in
# the caches may be many times faster (compare benchmarks with GLIBC_TUNABLES= before them).
export GLIBC_TUNABLES=${GLIBC_TUNABLES-glibc.malloc.hugetlb=1}
if [ "$(id -u)" -eq 0 ]; then # containers: Open MPI asks twice, and may not copy between processes
  export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
  export OMPI_MCA_btl_vader_single_copy_mechanism=none
fi

say_error() { printf '%s\n' "$*" >&2; }

# With --help as first argument: prints the comment at the head of the calling script and ends.
help_if_asked()
{
  case ${1-} in
    -h | --help)
      awk 'NR > 2 { if (!/^#/) exit; sub(/^# ?/, ""); print }' "$0"
      exit 0
      ;;
  esac
}

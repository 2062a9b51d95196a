#!/usr/bin/env bash
# Fetches what tests/kernel needs, on Debian and as root: QEMU, a compiler, and Debian's kernel with its headers. The kernel is
# unpacked into a folder (RIG_KERNEL_LAB, else ~/.cache/imp-bench-rig/kernel-lab), not installed as this machine's own.
set -euo pipefail
folder=${RIG_KERNEL_LAB:-$HOME/.cache/imp-bench-rig/kernel-lab}
image=$(apt-cache depends linux-image-amd64 | awk '/Depends:/{print $2; exit}')
apt-get install --quiet --yes --no-install-recommends qemu-system-x86 ipxe-qemu seabios busybox-static cpio kmod xz-utils \
    gcc make "${image/image/headers}"
mkdir -p "$folder"
cd "$folder"
if ! ls boot/vmlinuz-* >/dev/null 2>&1; then
    apt-get download --quiet "$image"
    dpkg --extract "$image"_*.deb .
    rm "$image"_*.deb
fi
ls boot/vmlinuz-*

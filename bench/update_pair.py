#!/usr/bin/env python3
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""Makes the pair that updates are measured on: a Debian 12 device's root before and after its security updates.

update_pair.py FOLDER [--again]   writes FOLDER/old.erofs and new.erofs (and old.tar, new.tar, old.packages, ...)

`old` is the point release (suite bookworm alone), `new` the same packages with what the security suite had on the day
and one package more, as a month in the life of a device. Both come from this machine's own Debian sources, by
mmdebstrap. What a running device never has is taken out: apt's lists and caches, logs, and the initrd that the kernel's
package generates on the spot (a device starts its own). The images are uncompressed erofs without inlined tails. Files
keep the times that their packages gave them; what mmdebstrap made itself has the time of the newest of those.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

PACKAGES = """
linux-image-cloud-amd64 systemd systemd-sysv udev dbus kmod openssl ca-certificates curl openssh-server nginx
python3 perl iproute2 nftables chrony cryptsetup-bin e2fsprogs dosfstools tpm2-tools libtss2-tcti-device0 rauc
gstreamer1.0-tools gstreamer1.0-plugins-base avahi-daemon wpasupplicant sqlite3 jq less vim-tiny tcpdump ethtool
usbutils pciutils zstd xz-utils
""".split()
ADDED = ["strace"]
STRIP = (
    "var/lib/apt/lists var/cache/apt var/cache/debconf var/log var/cache/ldconfig etc/machine-id etc/ssh tmp "
    "usr/share/man usr/share/locale usr/share/info"
).split()


def sources(security):
    """This machine's Debian sources, of which only the suites wanted are left, in one-line form."""
    lines = []
    for file in sorted(pathlib.Path("/etc/apt").glob("sources.list*/**/*.sources")):
        for stanza in re.split(r"\n\s*\n", file.read_text()):
            fields = dict(re.findall(r"^(\S+):\s*(.*)$", stanza, re.M))
            signed = f"[signed-by={fields['Signed-By']}] " if "Signed-By" in fields else ""
            for suite in fields.get("Suites", "").split():
                if suite == "bookworm" or (security and suite == "bookworm-security"):
                    lines += [f"deb {signed}{uri} {suite} main" for uri in fields["URIs"].split()]
    if not lines:  # the older form
        for file in [pathlib.Path("/etc/apt/sources.list"), *pathlib.Path("/etc/apt/sources.list.d").glob("*.list")]:
            for line in file.read_text().splitlines() if file.exists() else []:
                match = re.match(r"deb\s+(\[[^]]*\]\s+)?(\S+)\s+(bookworm|bookworm-security)/?\s", line)
                if match and (match[3] == "bookworm" or security):
                    lines.append(f"deb {match[1] or ''}{match[2]} {match[3]} main")
    if not lines:
        sys.exit("FAILED: this machine has no Debian 12 sources")
    return lines


def run(*command, **more):
    result = subprocess.run([str(part) for part in command], capture_output=True, check=False, **more)
    if result.returncode != 0:
        sys.exit(f"FAILED: {' '.join(map(str, command))}\n{result.stderr.decode(errors='replace')[-3000:]}")
    return result.stdout


def make_root(root, security, packages):
    listing = root.parent / f"{root.name}.list"
    listing.write_text("\n".join(sources(security)) + "\n")
    proxy = run("apt-config", "dump", "--format", "%v", "Acquire::http::Proxy").decode().strip()
    options = [f'--aptopt=Acquire::http::Proxy "{proxy}"'] if proxy else []
    run(
        "mmdebstrap",
        "--quiet",
        "--variant=minbase",
        "--format=directory",
        "--aptopt=Apt::Install-Recommends false",
        f"--include={','.join(packages)}",
        *options,
        "bookworm",
        root,
        listing,
        stdin=subprocess.DEVNULL,
    )


def strip(root):
    """Takes out what a device's image never holds, and what is made anew on each build."""
    for name in STRIP:
        path = root / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
            path.mkdir()
        else:
            path.unlink(missing_ok=True)
    for pattern in ("boot/initrd*", "dev/*", "var/lib/dpkg/*-old", "etc/*-", "**/__pycache__", "**/*.pyc"):
        for path in list(root.glob(pattern)):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)


def newest(root, began):
    """The time of the release: its newest file that was there before this moment."""
    times = [entry.lstat().st_mtime for entry in root.rglob("*")]
    return str(int(max(moment for moment in times if moment < began)))


def main():
    parser = argparse.ArgumentParser(description="Makes the pair that updates are measured on.")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--again", action="store_true", help="make it anew although it is there")
    options = parser.parse_args()
    folder = options.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    for name, security, packages in (("old", False, PACKAGES), ("new", True, PACKAGES + ADDED)):
        image = folder / f"{name}.erofs"
        if image.exists() and not options.again:
            continue
        with tempfile.TemporaryDirectory(dir=folder) as work:
            root = pathlib.Path(work) / name
            began = time.time()
            make_root(root, security, packages)
            listing = run("dpkg-query", f"--admindir={root}/var/lib/dpkg", "-W", "-f", "${Package} ${Version}\\n")
            (folder / f"{name}.packages").write_bytes(listing)
            strip(root)
            tar = folder / f"{name}.tar"
            moment = newest(root, began)
            times = ["--clamp-mtime", f"--mtime=@{moment}"]
            run("tar", "--sort=name", *times, "--numeric-owner", "-C", root, "-cf", tar, ".")
            image.unlink(missing_ok=True)
            fixed = ["-U", "00000000-0000-0000-0000-000000000000"]
            environment = os.environ | {"SOURCE_DATE_EPOCH": moment}  # no file is younger than that
            run("mkfs.erofs", "-E", "noinline_data", *fixed, "--quiet", f"{image}.new", root, env=environment)
            pathlib.Path(f"{image}.new").rename(image)
        print(f"{image}: {image.stat().st_size / 1e6:.1f} MB, {listing.count(10)} packages")


if __name__ == "__main__":
    main()

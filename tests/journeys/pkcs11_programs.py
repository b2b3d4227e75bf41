#!/usr/bin/env python3
# SPDX-FileCopyrightText: Signet contributors
# SPDX-License-Identifier: Apache-2.0
"""P_PKCS11_006: programs that know nothing of Signet work with a key in the TPM, through libsignet-pkcs11.so.

Each runs beside a whole device (tools/with-device: swtpm, signet-keystored): pkcs11-tool, p11tool, ssh, and, through
Debian's engine, OpenSSL's TLS client and server, curl and nginx. What says whether a key worked is the other side.
P_PKCS11_007: the certificate that one program stored is there for the next one, and after a restart of the device.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

from programs import expect, free_port, run, serving

ROOT = pathlib.Path(__file__).resolve().parents[2]
PIN = "1234"


def key(label: str) -> str:
    return f"pkcs11:token=signet;object={label};type=private;pin-value={PIN}"


class Programs:
    """The journey inside the device: what tools/with-device runs."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self.module = os.environ["SIGNET_PKCS11_MODULE"]
        self.tool = ["pkcs11-tool", "--module", self.module, "--login", "--pin", PIN]

    def run(self, *words: object, **more: object) -> str:
        return run(*words, folder=self.folder, **more)

    def openssl(self, *words: object, **more: object) -> str:
        return self.run("openssl", *words, **more)

    def pkcs11_tool(self) -> None:
        made = self.run(
            *self.tool, "--keypairgen", "--key-type", "EC:prime256v1", "--usage-sign", "--label", "web", "--id", "01"
        )
        expect(made, "sensitive, always sensitive, never extractable, local")
        self.root()
        self.run("openssl", "x509", "-in", "ca.pem", "-outform", "DER", "-out", "ca.der")
        self.run(*self.tool, "--write-object", "ca.der", "--type", "cert", "--label", "root", "--id", "0f")
        self.run(*self.tool, "--keypairgen", "--key-type", "rsa:2048", "--usage-sign", "--label", "rsa", "--id", "02")
        tested = self.run(*self.tool, "--test")
        expect(tested, "all 4 digest functions seem to work", "No errors", "RSA-X-509: OK", "RSA-PKCS: OK")
        expect(tested, "SHA1-RSA-PKCS: OK", "SHA256-RSA-PKCS: OK")
        words = ["--session-rw", "--test-ec", "--key-type", "EC:prime256v1", "--id", "22", "--label", "test"]
        expect(self.run(*self.tool, *words), "Doing a signature", "==> OK")
        expect(self.run(*self.tool, "--test-fork"), "Calling C_Initialize in forked child process")

    def signatures(self) -> None:
        """What the token signs, OpenSSL verifies with the public key alone."""
        (self.folder / "data").write_bytes(b"the quick brown fox" * 100)
        cases = [
            ("01", "ECDSA-SHA256", ["-sha256"], ["--signature-format", "openssl"]),
            ("01", "ECDSA-SHA1", ["-sha1"], ["--signature-format", "openssl"]),
            ("01", "ECDSA-SHA384", ["-sha384"], ["--signature-format", "openssl"]),
            ("02", "SHA1-RSA-PKCS", ["-sha1"], []),
            ("02", "SHA224-RSA-PKCS", ["-sha224"], []),
            ("02", "SHA256-RSA-PKCS", ["-sha256"], []),
            ("02", "SHA512-RSA-PKCS", ["-sha512"], []),
            (
                "02",
                "SHA384-RSA-PKCS-PSS",
                ["-sha384", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:48"],
                [],
            ),
        ]
        for identity, mechanism, digest, more in cases:
            self.run(*self.tool, "--read-object", "--type", "pubkey", "--id", identity, "--output-file", "public.der")
            self.openssl("pkey", "-pubin", "-inform", "DER", "-in", "public.der", "-out", "public.pem")
            words = ["--sign", "--mechanism", mechanism, "--id", identity, "-i", "data", "-o", "signature"]
            self.run(*self.tool, *words, *more)
            verified = self.openssl("dgst", *digest, "-verify", "public.pem", "-signature", "signature", "data")
            expect(verified, "Verified OK")

    def blocks(self) -> None:
        """An RSA key signs what is no digest: any data that fits, padded; but no block that may be a ciphertext."""
        data, sign = self.folder / "data", [*self.tool, "--sign", "--id", "02", "-i", "data", "-o", "signature"]
        for size in (0, 36, 117, 245):
            data.write_bytes(os.urandom(size))
            self.run(*sign, "--mechanism", "RSA-PKCS")
            words = [
                "pkeyutl",
                "-verifyrecover",
                "-pubin",
                "-inkey",
                "public.pem",
                "-in",
                "signature",
                "-out",
                "back",
            ]
            self.openssl(*words)
            assert (self.folder / "back").read_bytes() == data.read_bytes(), f"{size} bytes come back"
        data.write_bytes(os.urandom(246))
        expect(self.run(*sign, "--mechanism", "RSA-PKCS", code=1), "CKR_DATA_LEN_RANGE")
        data.write_bytes(b"\0" + os.urandom(255))
        expect(self.run(*sign, "--mechanism", "RSA-X-509", code=1), "CKR_DATA_INVALID")

    def root(self) -> None:
        """A CA in files."""
        how = [
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-keyout",
            "ca.key",
            "-out",
            "ca.pem",
        ]
        self.openssl("req", "-x509", *how, "-subj", "/CN=test root", "-days", "2")

    def certificates(self) -> None:
        """Certificates for keys in the token, requested through the engine."""
        (self.folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n", encoding="utf-8")
        for label in ("web", "rsa"):
            how = ["-engine", "pkcs11", "-keyform", "engine", "-key", key(label)]
            self.openssl("req", "-new", *how, "-subj", "/CN=localhost", "-out", f"{label}.csr")
            self.sign(label)
        how = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "file.key"]
        self.openssl("req", "-new", *how, "-subj", "/CN=localhost", "-out", "file.csr")
        self.sign("file")
        self.openssl("x509", "-in", "web.pem", "-outform", "DER", "-out", "web.der")
        self.run(*self.tool, "--write-object", "web.der", "--type", "cert", "--label", "web", "--id", "01")

    def sign(self, label: str) -> None:
        self.openssl(
            "x509",
            "-req",
            "-in",
            f"{label}.csr",
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-CAcreateserial",
            "-extfile",
            "names",
            "-days",
            "2",
            "-out",
            f"{label}.pem",
        )

    def p11tool(self) -> None:
        words = [
            "p11tool",
            "--provider",
            self.module,
            "--login",
            "--set-pin",
            PIN,
            "--list-all",
            "pkcs11:token=signet",
        ]
        expect(
            self.run(*words),
            "Type: Private key (EC/ECDSA-SECP256R1)",
            "CKA_NEVER_EXTRACTABLE",
        )
        own = [*words[:-2], "--test-sign", "pkcs11:token=signet;object=web;type=private"]
        expect(self.run(*own), "Verifying against public key in the token... ok")

    def tls_client(self) -> None:
        port = free_port()
        server = [
            "openssl",
            "s_server",
            "-accept",
            port,
            "-cert",
            "file.pem",
            "-key",
            "file.key",
            "-CAfile",
            "ca.pem",
            "-Verify",
            "1",
            "-verify_return_error",
            "-www",
        ]
        with serving(port, *server, folder=self.folder):
            for label in ("web", "rsa"):
                for version in ("-tls1_2", "-tls1_3"):
                    words = [
                        "s_client",
                        "-connect",
                        f"127.0.0.1:{port}",
                        version,
                        "-engine",
                        "pkcs11",
                        "-keyform",
                        "engine",
                    ]
                    words += ["-key", key(label), "-cert", f"{label}.pem", "-CAfile", "ca.pem", "-ign_eof"]
                    said = self.openssl(*words, given="GET / HTTP/1.0\r\n\r\n", code=None)
                    expect(said, "Verify return code: 0 (ok)", "HTTP/1.0 200 ok", "CN = localhost")

    def tls_server(self) -> None:
        for label in ("web", "rsa"):
            port = free_port()
            server = [
                "openssl",
                "s_server",
                "-accept",
                port,
                "-engine",
                "pkcs11",
                "-keyform",
                "engine",
                "-key",
                key(label),
                "-cert",
                f"{label}.pem",
                "-www",
            ]
            with serving(port, *server, folder=self.folder):
                for version in ("-tls1_2", "-tls1_3"):
                    words = ["s_client", "-connect", f"127.0.0.1:{port}", version, "-CAfile", "ca.pem", "-ign_eof"]
                    said = self.openssl(*words, given="GET / HTTP/1.0\r\n\r\n", code=None)
                    expect(said, "Verify return code: 0 (ok)", "HTTP/1.0 200 ok")

    def curl(self) -> None:
        port = free_port()
        server = [
            "openssl",
            "s_server",
            "-accept",
            port,
            "-cert",
            "file.pem",
            "-key",
            "file.key",
            "-CAfile",
            "ca.pem",
            "-Verify",
            "1",
            "-verify_return_error",
            "-www",
        ]
        words = ["curl", "-sS", "--engine", "pkcs11", "--key-type", "ENG", "--key", key("web"), "--cert", "web.pem"]
        with serving(port, *server, folder=self.folder):
            expect(self.run(*words, "--cacert", "ca.pem", f"https://localhost:{port}/"), "Client certificate")

    def nginx(self) -> None:
        port = free_port()
        config = f"""
daemon off;
user {'root' if os.geteuid() == 0 else 'nobody'};
pid {self.folder}/nginx.pid;
error_log {self.folder}/nginx.log;
ssl_engine pkcs11;
env SIGNET_KEYSTORED_SOCKET;
env PKCS11_MODULE_PATH;
events {{}}
http {{
  access_log off;
  client_body_temp_path {self.folder}/body;
  proxy_temp_path {self.folder}/proxy;
  fastcgi_temp_path {self.folder}/fastcgi;
  uwsgi_temp_path {self.folder}/uwsgi;
  scgi_temp_path {self.folder}/scgi;
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {self.folder}/web.pem;
    ssl_certificate_key "engine:pkcs11:{key('web')}";
    location / {{ return 200 "from nginx\\n"; }}
  }}
}}
"""
        (self.folder / "nginx.conf").write_text(config, encoding="utf-8")
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        words = [program, "-c", self.folder / "nginx.conf", "-p", self.folder, "-e", self.folder / "nginx-start.log"]
        with serving(port, *words, folder=self.folder):
            for _ in range(3):
                expect(self.run("curl", "-sS", "--cacert", "ca.pem", f"https://localhost:{port}/"), "from nginx")

    def ssh(self) -> None:
        if os.geteuid() != 0:
            print("ssh: left out, sshd needs root here")
            return
        port = free_port()
        self.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "host-key")
        public = [
            line for line in self.run("ssh-keygen", "-D", self.module).splitlines() if line.startswith("ecdsa-")
        ]
        assert public, "ssh-keygen -D shows no key"
        (self.folder / "authorized").write_text("\n".join(public) + "\n", encoding="utf-8")
        (self.folder / "authorized").chmod(0o600)
        os.makedirs("/run/sshd", exist_ok=True)
        config = [
            f"Port={port}",
            "ListenAddress=127.0.0.1",
            f"HostKey={self.folder}/host-key",
            "UsePAM=no",
            "StrictModes=no",
            f"AuthorizedKeysFile={self.folder}/authorized",
            "PasswordAuthentication=no",
            "PermitRootLogin=yes",
            f"PidFile={self.folder}/sshd.pid",
        ]
        options = [word for each in config for word in ("-o", each)]
        (self.folder / "pin").write_text(f"#!/bin/sh\necho {PIN}\n", encoding="utf-8")
        (self.folder / "pin").chmod(0o700)
        os.environ |= {"SSH_ASKPASS": str(self.folder / "pin"), "SSH_ASKPASS_REQUIRE": "force", "DISPLAY": ":0"}
        client = [
            "ssh",
            "-F",
            "none",
            "-I",
            self.module,
            "-p",
            port,
            "-o",
            "StrictHostKeyChecking=no",
            "-o",
            "IdentityAgent=none",
        ]
        client += [
            "-o",
            "UserKnownHostsFile=/dev/null",
            "-o",
            "PasswordAuthentication=no",
            "127.0.0.1",
            "echo",
            "came in",
        ]
        with serving(port, "/usr/sbin/sshd", "-D", "-e", "-f", "/dev/null", *options, folder=self.folder) as log:
            expect(self.run(*client), "came in")
            expect(log.read_text(errors="replace"), "Accepted publickey")

    def again(self) -> None:
        """The device was restarted: everything is there, and works."""
        shown = self.run(*self.tool, "-O")
        expect(shown, "Certificate Object; type = X.509 cert", "label:      web", "label:      rsa")
        self.tls_client()


STEPS = (
    "pkcs11_tool",
    "signatures",
    "blocks",
    "certificates",
    "p11tool",
    "tls_client",
    "tls_server",
    "curl",
    "nginx",
    "ssh",
)


def inside(folder: pathlib.Path, steps: list[str]) -> int:
    programs = Programs(folder)
    for step in steps:
        began = time.monotonic()
        getattr(programs, step)()
        print(f"{step}: {time.monotonic() - began:.1f} s", flush=True)
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--signet", required=True, help="a program of the build under test")
    parser.add_argument("--crash-lib", help="not used here")
    parser.add_argument("--inside", metavar="DIR", help=argparse.SUPPRESS)
    parser.add_argument("--steps", nargs="*", default=list(STEPS), help="only these")
    arguments = parser.parse_args()
    if arguments.inside:
        return inside(pathlib.Path(arguments.inside), arguments.steps)
    build = pathlib.Path(arguments.signet).resolve().parents[1]
    with tempfile.TemporaryDirectory(prefix="signet-journey-") as name:
        folder = pathlib.Path(name)
        work = folder / "work"
        work.mkdir()
        device = [str(ROOT / "tools" / "with-device"), "--build", str(build), "--keep", str(folder / "device"), "--"]
        again = [sys.executable, __file__, "--signet", arguments.signet, "--inside", str(work), "--steps"]
        code = subprocess.run([*device, *again, *arguments.steps], check=False).returncode
        if code == 0 and arguments.steps == list(STEPS):
            code = subprocess.run([*device, *again, "again"], check=False).returncode
            print("P_PKCS11_006, P_PKCS11_007:", "failed" if code else "shown")
        return code


if __name__ == "__main__":
    sys.exit(main())

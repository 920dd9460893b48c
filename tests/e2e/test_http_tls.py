# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS, client certificates, and what the daemon refuses to start with."""
import ssl
import tempfile
import warnings

from daemon_lib import BIN, run
from http_lib import FEE_HEAD, HttpBox, certificate, fee, trusting


def refuses(settings, sentence, key=True):
    with HttpBox("refuses", settings) as box:
        if key:
            box.key("--all", "--role", "read")
        if key:  # --check says it, too
            checked = run(f"{BIN}/fundwatchd", "--check", "-c", box.config, check=False)
            assert checked.returncode == 1 and sentence in checked.stderr, checked.stderr
        daemon = box.start()
        daemon.wait(sentence)
        assert daemon.end() == 1
    print(f"refused: {sentence}")


def with_certificates(folder):
    hospital = certificate(folder, "hospital", "/CN=his.example/O=One Hospital", "ca")
    stranger = certificate(folder, "stranger", "/CN=other.example", "ca")
    outsider = certificate(folder, "outsider", "/CN=his.example/O=One Hospital")
    with open(f"{folder}/clients", "w", encoding="utf-8") as out:
        out.write("# who comes with a certificate\nH1 intake O=One Hospital,CN=his.example\n")
    with HttpBox("mtls", f"tls_cert: {folder}/server.pem, tls_key: {folder}/server.key, "
                 f"client_ca: {folder}/ca.pem, clients: {folder}/clients, "
                 "head_seconds: 1") as box:
        key = box.key("--facility", "H2", "--role", "intake")
        daemon = box.serve()
        box.scheme, box.context = "https", trusting(folder, hospital)
        text = FEE_HEAD + fee(1)
        answer = box.send(None, "a", "fee_list_d.csv", text)
        assert answer.status == 200, answer.body
        answer = box.send(None, "b", "fee_list_d.csv", FEE_HEAD + fee(2, "H2"))
        assert answer.status == 403 and answer.reason == "foreign-facility", answer.body
        answer = box.send(key, "b", "fee_list_d.csv", FEE_HEAD + fee(2, "H2"))
        assert answer.status == 200, answer.body  # a key that is shown counts
        assert box.send("fw_nonsense", "c", "fee_list_d.csv", text).status == 401
        for context in (trusting(folder), trusting(folder, stranger)):
            box.context = context
            assert box.send(None, "d", "fee_list_d.csv", text).status == 401
            assert box.ask("GET", "/healthz").status == 200
        box.context = trusting(folder, outsider)
        try:
            raise AssertionError(box.ask("GET", "/healthz").status)
        except (ssl.SSLError, OSError):
            pass
        assert box.raw("GET / HTTP/1.1\r\nHost: a\r\n\r\n") == "", "plain text over TLS"
        assert box.raw(b"\x16\x03\x01\x00") == "", "half a handshake"
        old = ssl.create_default_context(cafile=f"{folder}/ca.pem")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it is old is the point
            old.maximum_version = ssl.TLSVersion.TLSv1_1
        box.context = old
        try:
            raise AssertionError(box.ask("GET", "/healthz").status)
        except (ssl.SSLError, OSError):
            pass
        with open(f"{folder}/clients", "w", encoding="utf-8") as out:
            out.write("H1 intake CN=other.example\n")
        daemon.hup()
        daemon.wait("certificates and clients are read again")
        for mine, status in ((hospital, 401), (stranger, 200)):
            box.context = trusting(folder, mine)
            answer = box.send(None, f"e{status}", "fee_list_d.csv", FEE_HEAD + fee(3))
            assert answer.status == status, answer.body
        with open(f"{folder}/clients", "w", encoding="utf-8") as out:
            out.write("H1 everything CN=other.example\n")
        daemon.hup()
        daemon.wait("old certificates and clients stay in force: .*line 1")
        assert box.send(None, "f", "fee_list_d.csv", FEE_HEAD + fee(4)).status == 200
        daemon.term()
    print("certificates speak for their facility, keys for theirs, nobody else gets in")


with tempfile.TemporaryDirectory() as certs:
    certificate(certs, "ca", "/CN=Test CA")
    certificate(certs, "server", "/CN=localhost", "ca")
    with_certificates(certs)
    refuses("", "nobody could come in", key=False)
    refuses("tls_cert: nowhere.pem, tls_key: nowhere.key", "tls_cert: nowhere.pem")
    refuses(f"tls_cert: {certs}/server.pem, tls_key: {certs}/ca.key", "tls_key: ")
    refuses(f"tls_cert: {certs}/server.pem", "belong together")
with HttpBox("open") as plain:
    plain.key("--all", "--role", "read")
    for address, words in (("0.0.0.0:0", "can be reached from other machines"),
                           ("nonsense", "is no ADDRESS:PORT")):
        plain.extra = f"http: {{ listen: \"{address}\" }}\n"
        plain.configure()
        daemon = plain.start()
        daemon.wait(words)
        assert daemon.end() == 1
    plain.extra = "http: { listen: \"0.0.0.0:0\", behind_proxy: yes }\n"
    plain.configure()
    plain.serve().term()
print("other machines only over TLS, or behind a proxy that was named")


def revoked(folder):
    """A certificate on the revocation list opens nothing once SIGHUP has read the list."""
    hospital = certificate(folder, "hospital", "/CN=his.example", "ca")
    clinic = certificate(folder, "clinic", "/CN=clinic.example", "ca")
    with open(f"{folder}/clients", "w", encoding="utf-8") as out:
        out.write("H1 intake CN=his.example\nH2 intake CN=clinic.example\n")
    open(f"{folder}/index.txt", "w", encoding="utf-8").close()
    with open(f"{folder}/ca.cnf", "w", encoding="utf-8") as out:
        out.write("[ca]\ndefault_ca = own\n[own]\n"
                  f"database = {folder}/index.txt\ncertificate = {folder}/ca.pem\n"
                  f"private_key = {folder}/ca.key\ndefault_md = sha256\ndefault_crl_days = 2\n")
    ca = ["openssl", "ca", "-config", f"{folder}/ca.cnf"]
    run(*ca, "-gencrl", "-out", f"{folder}/crl.pem")
    with HttpBox("crl", f"tls_cert: {folder}/server.pem, tls_key: {folder}/server.key, "
                 f"client_ca: {folder}/ca.pem, clients: {folder}/clients, "
                 f"client_crl: {folder}/crl.pem") as box:
        daemon = box.serve()
        box.scheme = "https"
        for mine, row in ((hospital, fee(1)), (clinic, fee(2, "H2"))):
            box.context = trusting(folder, mine)
            answer = box.send(None, "a", "fee_list_d.csv", FEE_HEAD + row)
            assert answer.status == 200, answer.body
        run(*ca, "-revoke", f"{clinic}.pem")
        run(*ca, "-gencrl", "-out", f"{folder}/crl.pem")
        daemon.hup()
        daemon.wait("certificates and clients are read again")
        box.context = trusting(folder, clinic)
        try:
            answer = box.send(None, "b", "fee_list_d.csv", FEE_HEAD + fee(3, "H2"))
            raise AssertionError(answer.body)
        except (ssl.SSLError, OSError):
            pass
        box.context = trusting(folder, hospital)
        assert box.send(None, "b", "fee_list_d.csv", FEE_HEAD + fee(4)).status == 200
        with open(f"{folder}/crl.pem", "w", encoding="utf-8") as out:
            out.write("no list\n")
        daemon.hup()
        daemon.wait("old certificates and clients stay in force: http.client_crl")
        assert box.send(None, "c", "fee_list_d.csv", FEE_HEAD + fee(5)).status == 200
        daemon.term()
    refuses(f"tls_cert: {folder}/server.pem, tls_key: {folder}/server.key, "
            f"client_crl: {folder}/crl.pem", "of no use without http.client_ca")
    print("a revoked certificate is shut out at SIGHUP, others go on")


with tempfile.TemporaryDirectory() as certs:
    certificate(certs, "ca", "/CN=Test CA")
    certificate(certs, "server", "/CN=localhost", "ca")
    revoked(certs)

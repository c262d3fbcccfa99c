"""Questions to the DNS, as the checks ask them."""

from __future__ import annotations

from typing import Any, Final

from feeder.errors import FeederError, UsageError
from feeder.mail.dnscheck.domains import is_address

_SECONDS: Final = 5.0


class DnsUnreachable(FeederError):
    """No name server answers."""

    exit_code = 69


class Resolver:
    """Asks the DNS.

    Args:
        server: ``ADDRESS:PORT`` of the name server; empty: that of this machine.

    Raises:
        UsageError: it is none.
    """

    def __init__(self, server: str = "") -> None:
        import dns.resolver

        try:
            self._resolver = dns.resolver.Resolver(configure=not server)
        except dns.resolver.NoResolverConfiguration as error:
            raise DnsUnreachable("this machine names no name server", hint="name one: --dns-server") from error
        if server:
            host, _, port = server.rpartition(":") if server.count(":") == 1 else (server, "", "53")
            if not is_address(host) or not port.isdecimal():
                raise UsageError(f"no name server: {server}", hint="write it as 192.0.2.53:53")
            self._resolver.nameservers = [host]
            self._resolver.port = int(port)
        self._resolver.lifetime = _SECONDS

    def texts(self, name: str) -> list[str]:
        """The TXT records of a name, each in one piece."""
        return [b"".join(record.strings).decode("utf-8", "replace") for record in self._ask(name, "TXT")]

    def servers(self, name: str) -> list[str]:
        """The hosts that take mail for a domain, by its MX records."""
        return [str(record.exchange).rstrip(".") for record in self._ask(name, "MX")]

    def addresses(self, name: str) -> list[str]:
        """The addresses of a host."""
        return [str(record.address) for kind in ("A", "AAAA") for record in self._ask(name, kind)]

    def names(self, address: str) -> list[str]:
        """The names that an address says it has (PTR)."""
        import dns.reversename

        return [
            str(record.target).rstrip(".") for record in self._ask(str(dns.reversename.from_address(address)), "PTR")
        ]

    def _ask(self, name: str, kind: str) -> list[Any]:
        import dns.exception
        import dns.name
        import dns.resolver

        try:
            return list(self._resolver.resolve(name, kind, search=False))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer, dns.name.LabelTooLong, dns.name.EmptyLabel):
            return []
        except (dns.exception.Timeout, dns.resolver.NoNameservers, OSError) as error:
            raise DnsUnreachable(f"no answer about {name}: {type(error).__name__}", hint="try again later") from error

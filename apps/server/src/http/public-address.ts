import ipaddr from 'ipaddr.js';

/** What global unicast addresses of IPv6 begin with (RFC 4291, IANA): the rest is local, mapped, translated or not in use. */
const GLOBAL_IPV6 = ipaddr.IPv6.parseCIDR('2000::/3');

/**
 * Whether an IP address belongs to the public internet. Not: private, loopback, link-local (where clouds keep their
 * metadata), carrier-grade NAT, multicast, broadcast, reserved and documentation ones, and everything that carries an IPv4
 * address inside (mapped, NAT64, 6to4, Teredo), since it may lead to any of those.
 * @param address as the system's resolver gives it; text that is no address is not public
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  if (parsed.range() !== 'unicast') return false;
  return parsed instanceof ipaddr.IPv4 || (parsed instanceof ipaddr.IPv6 && parsed.match(GLOBAL_IPV6));
}

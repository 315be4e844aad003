/** Hosts as URLs have them: there an address of IPv6 stands between brackets (RFC 3986, 3.2.2), and nowhere else. */

export function hostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

export function unbracketed(host: string): string {
  return /^\[(.*)\]$/.exec(host)?.[1] ?? host;
}

/** Known to who has the same search domain, hosts file or network, and to nobody else. `host`: without brackets. */
export function isNearbyName(host: string): boolean {
  return !/[.:]/.test(host) || host.toLowerCase().endsWith('.local');
}

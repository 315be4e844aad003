/** Where others reach this server, and the certificate that it shows them there: both follow from the configuration. */
import type { KeyObject } from 'node:crypto';
import { hostname } from 'node:os';
import { hostPort, unbracketed } from './base/host-text.ts';
import type { Config } from './config/config.ts';
import type { TlsChoice } from './http/tls.ts';

export interface Address {
  readonly host: string;
  readonly url: string;
}

const ANY_ADDRESS: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

/** What others call this machine. */
export function hostNameOf({ cluster }: Config): string {
  return cluster.hostname ?? hostname();
}

/** The one that the log, tickets, packages and the end of an installation name. */
export function addressOf(config: Config): Address {
  const { server } = config;
  if (server.publicUrl !== null) {
    return { host: unbracketed(new URL(server.publicUrl).hostname), url: server.publicUrl };
  }
  const host = ANY_ADDRESS.has(server.host) ? hostNameOf(config) : server.host;
  return { host, url: `${server.tls === 'off' ? 'http' : 'https'}://${hostPort(host, server.port)}` };
}

/** `names`: of this machine, beside `localhost`; of use to a certificate of our own alone, as is `key`. */
export function tlsOf(
  { server }: Config,
  { key, names }: { readonly key: KeyObject; readonly names: readonly string[] },
): TlsChoice {
  if (server.tls === 'own') {
    return { kind: 'own', key, names: [...new Set([...names, 'localhost', '127.0.0.1', '::1'])] };
  }
  if (server.tls === 'off') return { kind: 'off' };
  return { kind: 'files', certPath: server.tlsCert ?? '', keyPath: server.tlsKey ?? '' };
}

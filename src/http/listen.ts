/** Opens a door on its port, or says in words why not. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { AtlasError, systemCode } from '../base/errors.ts';
import type { App } from './app.ts';

/** What the system says of an address or port that this machine cannot listen on, and what mends it. */
const UNUSABLE: Readonly<Record<string, { readonly why: string; readonly mend: string }>> = {
  ENOTFOUND: { why: 'no address is known for that name', mend: 'correct server.host' },
  EAI_AGAIN: { why: 'that name cannot be looked up now', mend: 'give server.host an address, or see DNS' },
  EADDRNOTAVAIL: {
    why: 'no network interface of this machine has that address',
    mend: 'set server.host to one that it has, or to 0.0.0.0 for all',
  },
  EAFNOSUPPORT: {
    why: 'this machine does not speak that version of IP',
    mend: 'set server.host to 0.0.0.0, or switch IPv6 on',
  },
  EINVAL: {
    why: 'nothing can be listened to at that address',
    mend: 'set server.host to an address of this machine; one that begins with fe80 needs its interface: fe80::1%en0',
  },
  EACCES: {
    why: 'this user may not listen on that port',
    mend: 'choose one from 1024 on (server.port), or let the system allow it',
  },
};

interface Address {
  readonly host: string;
  readonly port: number;
}

/** Rejects with port_taken and address_unusable. */
export async function listen(app: App, address: Address): Promise<void> {
  await inWords(address, () => app.listen({ host: oneHost(address), port: address.port }));
}

/** Whether listen() would do; holds nothing when it resolves. Rejects as that. */
export async function tryToListen(address: Address): Promise<void> {
  const probe = createServer();
  await inWords(address, () =>
    once(probe.listen({ host: oneHost(address), port: address.port }), 'listening'),
  );
  await once(probe.close(), 'close');
}

/** For `localhost` fastify would open a second server, without the bounds of the first. */
const oneHost = ({ host }: Address) => (host === 'localhost' ? '127.0.0.1' : host);

async function inWords({ host, port }: Address, open: () => Promise<unknown>): Promise<void> {
  try {
    await open();
  } catch (cause) {
    const code = systemCode(cause) ?? '';
    const unusable = UNUSABLE[code];
    if (unusable !== undefined) {
      const message = `server.host ${host} with server.port ${port} cannot be used: ${unusable.why} (${code})`;
      throw new AtlasError('address_unusable', message, { cause, hint: unusable.mend });
    }
    if (code !== 'EADDRINUSE') throw cause;
    throw new AtlasError('port_taken', `port ${port} on ${host} is taken by another program`, {
      cause,
      hint: 'stop it, or choose another port (server.port)',
    });
  }
}

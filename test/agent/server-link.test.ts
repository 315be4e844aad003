import { createServer } from 'node:net';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { parsePin } from '../../src/agent/pin-agent.ts';
import { CONNECT_TIMEOUT_MS, ServerLink } from '../../src/agent/server-link.ts';
import { systemClock } from '../../src/base/clock.ts';
import { Secret } from '../../src/base/secret.ts';
import { makeCertificate, type OwnCertificate } from '../fakes/certificate.ts';
import { ManualClock } from '../fakes/clock.ts';
import { ReportServer } from '../fakes/report-server.ts';

const never = new AbortController().signal;
const body = Buffer.from('sealed');
const toClose: { close(): unknown }[] = [];
let own: OwnCertificate;
let other: OwnCertificate;

beforeAll(async () => {
  [own, other] = await Promise.all([makeCertificate(), makeCertificate()]);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  for (const each of toClose.splice(0)) await each.close();
});

async function listen(tls: OwnCertificate): Promise<ReportServer> {
  const server = await ReportServer.listen(undefined, { tls });
  toClose.push(server);
  return server;
}

function linkTo(url: string, pins: string[], clock = systemClock): ServerLink {
  const apiKey = Secret.fromText('key');
  const link = new ServerLink({ url, pins, apiKey, clock, random: () => 0, allowPlainHttp: false });
  toClose.push(link);
  return link;
}

describe('a pinned server', () => {
  it('gets the report when it holds the key, over one connection for all of them', async () => {
    const server = await listen(own);
    const link = linkTo(server.url, [own.pin]);
    for (let round = 0; round < 3; round += 1) {
      expect(await link.post(body, never)).toMatchObject({ status: 200 });
    }
    expect(server.bodies).toEqual(['sealed', 'sealed', 'sealed']);
    expect(server.connections).toBe(1);
  });

  it('may hold any one of several keys, as while the servers change theirs', async () => {
    const server = await listen(own);
    expect(await linkTo(server.url, [other.pin, own.pin]).post(body, never)).toMatchObject({ status: 200 });
  });

  it('gets not one byte of a request when it holds another key', async () => {
    const server = await listen(own);
    const link = linkTo(server.url, [other.pin]);
    for (let round = 0; round < 20; round += 1) {
      await expect(link.post(body, never)).rejects.toMatchObject({ code: 'EPIN' });
    }
    expect(server.received).toEqual([]);
    expect(server.requestBytes).toBe(0);
  });

  it.each([
    ['has expired', { fromDays: -10, toDays: -1 }],
    ['is not valid yet', { fromDays: 1, toDays: 10 }],
  ])('gets nothing when its certificate %s', async (_, validity) => {
    const certificate = await makeCertificate(validity);
    const server = await listen(certificate);
    await expect(linkTo(server.url, [certificate.pin]).post(body, never)).rejects.toMatchObject({
      code: 'CERT_HAS_EXPIRED',
    });
    expect(server.requestBytes).toBe(0);
  });

  it('is given up when it accepts connections and never speaks', async () => {
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    toClose.push(silent);
    const { port } = silent.address() as { port: number };
    const clock = new ManualClock();
    const late = linkTo(`https://127.0.0.1:${port}`, [own.pin], clock).post(body, never);
    const refused = expect(late).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    await clock.advance(CONNECT_TIMEOUT_MS);
    await refused;
    const stopping = new AbortController();
    const stopped = linkTo(`https://127.0.0.1:${port}`, [own.pin]).post(body, stopping.signal);
    stopping.abort();
    await expect(stopped).rejects.toMatchObject({ code: 'ABORT_ERR' });
  });
});

describe('a server without a pin', () => {
  it('gets nothing when the roots of the system do not vouch for it', async () => {
    const server = await listen(own);
    await expect(linkTo(server.url, []).post(body, never)).rejects.toMatchObject({
      code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    });
    expect(server.requestBytes).toBe(0);
  });

  it('gets nothing even when the environment says that TLS need not be verified', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    const server = await listen(own);
    await expect(linkTo(server.url, []).post(body, never)).rejects.toMatchObject({
      code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    });
    expect(server.requestBytes).toBe(0);
  });
});

describe('parsePin', () => {
  it('reads a pin with and without its prefix', () => {
    expect(parsePin(own.pin)).toEqual(parsePin(own.pin.replace('sha256/', '')));
    expect(parsePin(own.pin)).toHaveLength(32);
  });

  it.each(['', 'sha256/', 'sha1/AAAA', `sha256/${'A'.repeat(42)}`, `sha256//${'A'.repeat(43)}=`])(
    'refuses %j',
    (pin) => {
      expect(parsePin(pin)).toBeUndefined();
    },
  );
});

/** Whose address counts, as a table; and over a real socket, that a forged one neither evades a limit nor inflicts it. */
import type { IncomingMessage } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { callerAddress, trustedAmong } from '../../src/http/caller-address.ts';
import { type OpenDoor, openDoor } from './open-door.ts';
import { RudeClient } from './rude-client.ts';

const PROXY = '10.0.0.1';
const isTrusted = trustedAmong(['10.0.0.0/8', '2001:db8:aa::/48', '192.0.2.9']);

function addressOf(remoteAddress: string, claimed?: string): string {
  const headers = claimed === undefined ? {} : { 'x-forwarded-for': claimed };
  return callerAddress({ headers, socket: { remoteAddress } } as unknown as IncomingMessage, isTrusted);
}

describe('the address that counts', () => {
  it.each<[string, string, string | undefined, string]>([
    ['of nobody we trust is his own', '198.51.100.1', undefined, '198.51.100.1'],
    ['of a stranger who forges is his own', '198.51.100.1', '203.0.113.5', '198.51.100.1'],
    ['behind a proxy is the one it names', PROXY, '203.0.113.5', '203.0.113.5'],
    ['behind a proxy that names none is the proxy', PROXY, undefined, PROXY],
    ['behind a proxy that names nothing is the proxy', PROXY, '', PROXY],
    [
      'behind a chain is the rightmost that is no proxy',
      PROXY,
      '203.0.113.5, 192.0.2.9, 10.9.9.9',
      '203.0.113.5',
    ],
    ['with forged ones left of it is the same', PROXY, '1.1.1.1, 10.0.0.7, 203.0.113.5', '203.0.113.5'],
    ['behind proxies alone is the leftmost', PROXY, '10.0.0.3,10.0.0.2', '10.0.0.3'],
    ['in IPv6 is read', '2001:db8:aa::1', '2001:db8:1::5', '2001:db8:1::5'],
    ['behind a proxy that is IPv4 within IPv6 is read', '::ffff:10.0.0.1', '203.0.113.5', '203.0.113.5'],
    ['with a port is without it', PROXY, '203.0.113.5:40312', '203.0.113.5'],
    ['in brackets with a port is without them', PROXY, '[2001:db8:1::5]:40312', '2001:db8:1::5'],
    ['in brackets is without them', PROXY, '[2001:db8:1::5]', '2001:db8:1::5'],
    ['of junk is the proxy that passed it on', PROXY, '203.0.113.5, junk', PROXY],
    ['of unknown is the proxy', PROXY, 'unknown', PROXY],
    ['of an empty entry is the proxy', PROXY, '203.0.113.5,', PROXY],
    ['of what is nearly an address is the proxy', PROXY, '203.0.113.555', PROXY],
    ['right of junk is read', PROXY, 'junk"; --, 203.0.113.5', '203.0.113.5'],
    ['of a hundred entries is the rightmost', PROXY, `${'1.1.1.1, '.repeat(99)}203.0.113.5`, '203.0.113.5'],
    ['of a hundred proxies is the leftmost', PROXY, `203.0.113.5${', 10.0.0.2'.repeat(99)}`, '203.0.113.5'],
  ])('%s', (_, remote, claimed, counts) => {
    expect(addressOf(remote, claimed)).toBe(counts);
  });

  it('is nobody else’s when no proxy is trusted', () => {
    const headers = { 'x-forwarded-for': '203.0.113.5' };
    const request = { headers, socket: { remoteAddress: '127.0.0.1' } } as unknown as IncomingMessage;
    expect(callerAddress(request, trustedAmong([]))).toBe('127.0.0.1');
  });
});

describe('over a socket', () => {
  let door: OpenDoor;
  afterEach(() => door.app.close());

  async function ask(headers: string): Promise<string> {
    const client = await RudeClient.connect(door.port);
    const head = `GET /version HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${headers}\r\n`;
    const answer = await client.send(head).read();
    client.leave();
    return answer.split('\r\n')[0] ?? '';
  }
  const claim = (address: string) => `x-forwarded-for: ${address}\r\n`;
  const rates = { open: { burst: 2, perSecond: 0.001 } };
  const [OK, WAIT] = ['HTTP/1.1 200 OK', 'HTTP/1.1 429 Too Many Requests'];

  it('a stranger evades no limit by forging addresses', async () => {
    door = await openDoor({}, { rates });
    const answers = [];
    for (const address of ['1.1.1.1', '2.2.2.2', '3.3.3.3']) answers.push(await ask(claim(address)));
    expect(answers).toEqual([OK, OK, WAIT]);
  });

  it('a client of a proxy evades none, nor inflicts one, by what he writes left of it', async () => {
    door = await openDoor({}, { rates, trustedProxies: ['127.0.0.1'] });
    const answers = [];
    for (const forged of ['1.1.1.1', '203.0.113.9', 'junk'])
      answers.push(await ask(claim(`${forged}, 203.0.113.5`)));
    expect(answers).toEqual([OK, OK, WAIT]);
    expect(await ask(claim('203.0.113.9'))).toBe(OK);
    expect(await ask(claim('1.1.1.1') + claim('203.0.113.5'))).toBe(WAIT); // two headers are one list
    expect(await ask(`forwarded: for=198.51.100.1\r\n${claim('203.0.113.5')}`)).toBe(WAIT);
  });

  it('a header folded over two lines is no request', async () => {
    door = await openDoor({}, { rates, trustedProxies: ['127.0.0.1'] });
    expect(await ask('x-forwarded-for: 1.1.1.1,\r\n 203.0.113.5\r\n')).toBe('HTTP/1.1 400 Bad request');
  });

  it('is what is written down of the use of a token', async () => {
    door = await openDoor({}, { trustedProxies: ['127.0.0.1'] });
    await ask(`authorization: Bearer one\r\n${claim('1.1.1.1, 203.0.113.5:999')}`);
    const headers = { authorization: 'Bearer one', 'x-forwarded-for': '1.1.1.1, 203.0.113.5:999' };
    await fetch(`http://127.0.0.1:${door.port}/api/fleet/session`, { headers });
    expect(door.tokensFrom).toEqual(['203.0.113.5']);
  });
});

/** A server whose address cannot be listened at says which key is wrong and what mends it, and ends with 3. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { atlasFleet } from '../cli/atlas-fleet.ts';
import { LiveCluster } from '../scenario/live-cluster.ts';

let cluster: LiveCluster;

beforeAll(async () => {
  cluster = await LiveCluster.start({ servers: 0 });
});
afterAll(() => cluster?.stop());

async function startAt(values: Record<string, string | number>) {
  const { configPath } = await cluster.add({ values: { 'server.tls': 'own', ...values } });
  return atlasFleet(['server', '--config', configPath]);
}

const cannot = (host: string, why: string) =>
  new RegExp(`server\\.host ${host} with server\\.port \\d+ cannot be used: ${why}`);

describe('server.host', () => {
  it.each([
    ['a name that nobody has', 'nobody.invalid', 'no address is known for that name', 'correct server.host'],
    [
      'an address of another machine',
      '192.0.2.1',
      'no network interface of this machine has that address \\(EADDRNOTAVAIL\\)',
      'set server.host to one that it has, or to 0.0.0.0 for all',
    ],
    [
      'what is not listened to',
      'ff02::1',
      'nothing can be listened to at that address',
      'address of this machine',
    ],
  ])('as %s is a mistake of the configuration', async (_, host, why, mend) => {
    const { code, stderr } = await startAt({ 'server.host': host });
    expect(stderr).toMatch(cannot(host, why));
    expect(stderr).toContain(mend);
    expect(code).toBe(3);
  });
});

it.skipIf(process.getuid?.() === 0)(
  'server.port below 1024 is one too, for who may not take it',
  async () => {
    const { code, stderr } = await startAt({ 'server.port': 1 });
    expect(stderr).toMatch(cannot('127.0.0.1', 'this user may not listen on that port'));
    expect(code).toBe(3);
  },
);

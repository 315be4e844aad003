/** What a server of the cluster gave, on its way into a config.yaml that is there. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { setInConfig, sharedValues } from '../../src/cli/join-config.ts';
import { loadConfig } from '../../src/config/load.ts';
import { makeTicket } from '../../src/protocol/ticket.ts';
import { configFile, DB_KEY, SERVER, temporaryFolder } from '../config/config-file.ts';

function ticketText(): string {
  const servers = [{ url: 'https://a.example', spki_sha256: DB_KEY }];
  const { text } = makeTicket({ clusterId: '0'.repeat(32), servers, epoch: 0, hash: '0'.repeat(64) });
  return text.revealText();
}

describe('setInConfig', () => {
  it('takes the ticket out in the same write', async () => {
    const before = `${SERVER}cluster:\n  enabled: false\n`;
    const path = configFile(`${before}  join_ticket: ${ticketText()}\n`);
    await setInConfig(path, {});
    expect(readFileSync(path, 'utf8')).toBe(before);
  });

  it('writes what is given, and leaves all else as it was', async () => {
    const path = configFile(`# mine\n${SERVER}`);
    await setInConfig(path, { 'server.port': 9443, 'server.host': '127.0.0.1' });
    const text = readFileSync(path, 'utf8');
    expect(text).toMatch(/^# mine\n/);
    expect(loadConfig({ role: 'server', configPath: path })).toMatchObject({
      ok: true,
      config: { server: { port: 9443, host: '127.0.0.1' } },
    });
  });

  it('leaves no file behind that does not start', async () => {
    const path = configFile(SERVER);
    await expect(setInConfig(path, { 'server.api_key': 'short' })).rejects.toMatchObject({
      code: 'config_invalid',
    });
    expect(readFileSync(path, 'utf8')).toBe(SERVER);
  });
});

describe('sharedValues', () => {
  const given = {
    values: { 'cluster.redis_host': 'r', 'cluster.redis_username': 'theirs', 'cluster.redis_password': 'p' },
    files: {},
  } as const;
  const of = (redis: string) => {
    const loaded = loadConfig({ role: 'any', configPath: configFile(`${SERVER}${redis}`), env: {} });
    if (!loaded.ok) throw new Error('does not load');
    return sharedValues(given, { dataDir: temporaryFolder(), loaded });
  };

  it('keeps a Redis user of its own, which alone may write its slots', async () => {
    expect(await of('cluster:\n  redis_username: own\n')).toEqual({ 'cluster.redis_host': 'r' });
    expect(await of('')).toEqual(given.values);
  });

  it('keeps the way to Redis that came with the ticket, and no other', async () => {
    const address = 'cluster:\n  redis_host: 10.0.9.9\n  redis_port: 6390\n';
    expect(await of(`${address}  join_ticket: ${ticketText()}\n`)).toEqual({
      'cluster.redis_username': 'theirs',
      'cluster.redis_password': 'p',
    });
    expect(await of(address)).toEqual(given.values);
  });
});

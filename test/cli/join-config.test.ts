/** What a server of the cluster gave, on its way into a config.yaml that is there. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { setInConfig, sharedValues } from '../../src/cli/join-config.ts';
import { loadConfig } from '../../src/config/load.ts';
import { configFile, SERVER, temporaryFolder } from '../config/config-file.ts';

describe('setInConfig', () => {
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
});

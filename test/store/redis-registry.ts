/** Ways to a registry on a real Redis, closed when the test is over. */
import { expect, onTestFinished } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { RedisMemberStore, type RedisMemberStoreOptions } from '../../src/store/redis/member-store.ts';

export function openRegistry(
  where: { readonly port: number } | Pick<RedisMemberStoreOptions, 'endpoint'>,
  options: Partial<RedisMemberStoreOptions> = {},
): RedisMemberStore {
  const endpoint =
    'port' in where ? ({ kind: 'single', host: '127.0.0.1', port: where.port } as const) : where.endpoint;
  const store = RedisMemberStore.open({
    endpoint,
    db: 0,
    username: null,
    password: null,
    tls: null,
    nodeId: 'alice',
    clock: systemClock,
    log: silentLog,
    ...options,
  });
  onTestFinished(() => store.close());
  return store;
}

export const record = (text: string) => Buffer.from(text, 'utf8');
export const beat = { node: record('node'), heartbeat: record('heartbeat') };

/** What a call rejects with, given why and what to do. */
export function away(reason: RegExp, hint?: RegExp) {
  return {
    code: 'member_store_unavailable',
    message: expectText(new RegExp(`^the registry .+ cannot be used: .*${reason.source}`)),
    hint: expectText(hint ?? /./),
  };
}

function expectText(pattern: RegExp): string {
  return expect.stringMatching(pattern);
}

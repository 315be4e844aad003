/** What every audit log promises, whatever its engine (src/store/audit-log.ts). */
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  AUDIT_KEPT_DAYS,
  AUDIT_KEPT_ENTRIES,
  type AuditEntry,
  type AuditLog,
  type NewAuditEntry,
} from '../../src/store/audit-log.ts';

export interface OpenedAuditLog {
  readonly log: AuditLog;
  close(): Promise<void>;
}

const NOW = Date.UTC(2026, 10, 21, 12);
const KEPT_MS = AUDIT_KEPT_DAYS * 86_400_000;

let made = 0;

export function makeAuditEntry(changes: Partial<NewAuditEntry> = {}): NewAuditEntry {
  made += 1;
  return {
    entryId: `entry-${made}`,
    atMs: NOW,
    actor: { kind: 'user', name: 'ada' },
    action: 'token.created',
    subject: 'grafana',
    detail: { scopes: 'read', days: 90, renewed: false },
    outcome: 'done',
    nodeId: 'server-01',
    address: '192.0.2.7',
    ...changes,
  };
}

export function auditLogContract(open: () => Promise<OpenedAuditLog>): void {
  let opened: OpenedAuditLog;
  let log: AuditLog;
  beforeEach(async () => {
    opened = await open();
    log = opened.log;
  });
  afterEach(() => opened.close());

  const add = async (...changes: Partial<NewAuditEntry>[]): Promise<NewAuditEntry[]> => {
    const entries = changes.map((one) => makeAuditEntry(one));
    for (const entry of entries) await log.append(entry);
    return entries;
  };
  const listed = async (): Promise<readonly AuditEntry[]> => (await log.list({ limit: 100 })).entries;
  const subjects = (entries: readonly AuditEntry[]) => entries.map(({ subject }) => subject);

  it('gives back what was written, as it was written', async () => {
    const entries = await add(
      {},
      { actor: { kind: 'system', name: '' }, subject: '', detail: {}, address: null, outcome: 'failed' },
      { subject: 'half of a pair \ud800, and NUL \0', detail: { text: '{"json":"in it"} \u202e' } },
    );
    expect(await listed()).toEqual(entries.reverse());
  });

  it('has the newest first by the order of writing, whatever the clocks said', async () => {
    await add({ subject: 'a', atMs: NOW + 9_000 }, { subject: 'b', atMs: NOW - 9_000 }, { subject: 'c' });
    expect(subjects(await listed())).toEqual(['c', 'b', 'a']);
  });

  it('is read page by page to its end, each entry once, also while more is written', async () => {
    await add(...['a', 'b', 'c', 'd'].map((subject) => ({ subject })));
    const first = await log.list({ limit: 2 });
    await add({ subject: 'later' });
    const second = await log.list({ limit: 2, before: first.nextBefore ?? 0 });
    expect([...subjects(first.entries), ...subjects(second.entries)]).toEqual(['d', 'c', 'b', 'a']);
    expect(first.nextBefore).not.toBeNull();
    expect(second.nextBefore).toBeNull();
  });

  it('can be read by kind, page by page too', async () => {
    await add(
      { action: 'login.succeeded', subject: 'a' },
      { action: 'token.revoked', subject: 'b' },
      { action: 'login.refused', subject: 'c' },
    );
    const first = await log.list({ limit: 1, kind: 'login' });
    expect(subjects(first.entries)).toEqual(['c']);
    const second = await log.list({ limit: 1, kind: 'login', before: first.nextBefore ?? 0 });
    expect(subjects(second.entries)).toEqual(['a']);
    expect(second.nextBefore).toBeNull();
    expect((await log.list({ limit: 9, kind: 'rotation' })).entries).toEqual([]);
  });

  it('takes what several write at once', async () => {
    await Promise.all(Array.from({ length: 20 }, () => add({})));
    expect(await listed()).toHaveLength(20);
  });

  it('keeps the newest entries, however old a clock that runs ahead takes them for', async () => {
    await add({ subject: 'a' }, { subject: 'b' });
    expect(await log.forgetOld(NOW + 100 * KEPT_MS)).toBe(0);
    expect(await listed()).toHaveLength(2);
  });

  it('forgets what is older than it must keep, and not one entry more', async () => {
    const old = { atMs: NOW - KEPT_MS - 1 };
    await add(old, { subject: 'just kept', atMs: NOW - KEPT_MS }, old);
    const entries = Array.from({ length: AUDIT_KEPT_ENTRIES }, () => makeAuditEntry());
    for (const entry of entries) await log.append(entry);
    expect(await log.forgetOld(NOW)).toBe(2);
    expect(await log.forgetOld(NOW)).toBe(0);
    const all = await log.list({ limit: AUDIT_KEPT_ENTRIES * 2 });
    expect(all.entries).toHaveLength(AUDIT_KEPT_ENTRIES + 1);
    expect(all.entries.at(-1)?.subject).toBe('just kept');
  });
}

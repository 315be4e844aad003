import { describe, expect, it } from 'vitest';
import { canRevoke, holdsSecrets } from '../../console/package-acts.ts';
import type { PackageOrder } from '../../console/package-api.ts';
import { likelyLogin } from '../../console/package-commands.ts';
import { announcement, type Running, stepLines } from '../../console/package-steps.ts';
import {
  deadTicket,
  isOverdue,
  type Joined,
  joinDoubt,
  joinLines,
  joinSentence,
  stageOf,
} from '../../console/package-tracker.ts';
import { packageBuild } from './package-data.ts';

const order: PackageOrder = { kind: 'standalone', body: {} };
const running = (changes: Partial<Running>): Running =>
  ({ phase: 'assemble', order, sinceMs: 0, transfer: null, ...changes }) as Running;
const states = (lines: readonly { state: string }[]) => lines.map(({ state }) => state).join(' ');

describe('the steps of a building', () => {
  it('tell of the bytes that came and of those to come, where the server says how many', () => {
    const transfer = { received: 12_000_000, total: 112_000_000 };
    const lines = stepLines(running({ phase: 'download', transfer }));
    expect(states(lines)).toBe('done now next next');
    expect(lines[1]?.detail).toBe('12 MB of 112 MB');
    const unknown = running({ phase: 'download', transfer: { ...transfer, total: null } });
    expect(stepLines(unknown)[1]?.detail).toBe('12 MB');
  });

  it('are announced one by one, not with each byte', () => {
    const at = (received: number) =>
      announcement(running({ phase: 'download', transfer: { received, total: 9 } }));
    expect(at(1)).toBe(at(8));
    expect(at(1)).not.toBe(announcement(running({})));
  });
});

describe('the tracker of the new server', () => {
  const joined = (changes: Partial<Joined>): Joined => ({
    node_id: 'server-03',
    by: 'name',
    state: 'healthy',
    signature: 'verified',
    ...changes,
  });

  it.each([
    [undefined, 'waiting', 'now next next next'],
    [joined({ state: 'unconfirmed' }), 'joining', 'done now next next'],
    [joined({ signature: 'missing' }), 'joining', 'done now next next'],
    [joined({ state: 'late' }), 'verified', 'done done now next'],
    [joined({ state: 'offline' }), 'verified', 'done done now next'],
    [joined({}), 'healthy', 'done done done done'],
    [joined({ state: 'left', signature: 'not a member any more' }), 'gone', 'done done now next'],
    [joined({ state: 'rejected', signature: 'invalid_signature' }), 'refused', 'done now next next'],
  ] as const)('of %j stands at %s', (seen, stage, ladder) => {
    expect(stageOf(seen)).toBe(stage);
    expect(states(joinLines(stage))).toBe(ladder);
    expect(joinSentence(stage, seen?.node_id ?? null)).toMatch(seen ? /^server-03/ : /^Waiting/);
  });

  it('does not say that a server came by this package where only the time speaks for it', () => {
    expect(joinDoubt(joined({ by: 'time' }))).toBe('joined since; by this or an earlier package');
    expect([joinDoubt(joined({})), joinDoubt(joined({ by: 'ticket' }))]).toEqual(['', '']);
  });

  it('offers help after three minutes of nothing, and not about a server that is seen', () => {
    const builtAt = '2026-11-21T08:00:00Z';
    const seconds = (count: number) => Date.parse(builtAt) + count * 1000;
    expect(isOverdue('waiting', builtAt, seconds(170))).toBe(false);
    expect(isOverdue('waiting', builtAt, seconds(190))).toBe(true);
    expect(isOverdue('joining', builtAt, seconds(190))).toBe(false);
  });

  it('waits for nobody once the ticket is over', () => {
    const ticket = { id: '0123456789abcdef', expires_at: '2026-11-22T08:00:00Z' };
    const withTicket = (state: 'open' | 'used' | 'expired' | 'revoked') =>
      deadTicket(packageBuild({ credentials: 'ticket', ticket: { ...ticket, state } }));
    expect(deadTicket(packageBuild())).toBeNull();
    expect(withTicket('open')).toBeNull();
    expect(withTicket('expired')).toMatch(/build the package again/);
    expect(withTicket('revoked')).toMatch(/nobody can join/);
  });
});

describe('the commands around a package', () => {
  it('take the name of the new server for that of its Mac, to be written over', () => {
    expect(likelyLogin({ node_name: null })).toBe('admin@new-mac.local');
    expect(likelyLogin({ node_name: 'server-03' })).toBe('admin@server-03.local');
    expect(likelyLogin({ node_name: 'mini-3.example.com' })).toBe('admin@mini-3.example.com');
  });
});

describe('revoking a package', () => {
  const ticket = { id: '0123456789abcdef', state: 'open', expires_at: '2026-11-22T08:00:00Z' } as const;

  it('is offered while its ticket is open, and never where it would mend nothing', () => {
    const withTicket = packageBuild({ credentials: 'ticket', ticket });
    expect(canRevoke(withTicket)).toBe(true);
    expect(canRevoke({ ...withTicket, ticket: { ...ticket, state: 'used' } })).toBe(false);
    expect(canRevoke({ ...withTicket, revoked_at: '2026-11-21T08:00:00Z' })).toBe(false);
    expect(canRevoke(packageBuild({ ticket }))).toBe(false);
    expect(holdsSecrets(packageBuild({ ticket }))).toBe(true);
    expect(holdsSecrets(withTicket)).toBe(false);
  });
});

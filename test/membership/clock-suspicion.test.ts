import { beforeEach, describe, expect, it } from 'vitest';
import { ClockSuspicion } from '../../src/membership/clock-suspicion.ts';
import type { Mark } from '../../src/protocol/freshness.ts';
import type { RecordType } from '../../src/protocol/keyring.ts';

let suspicion: ClockSuspicion;
beforeEach(() => {
  suspicion = new ClockSuspicion();
});

const mark = (sequence: number) => ({ incarnation: 1, sequence, timestamp: 0, digest: '' });

function note(nodeId: string, type: RecordType, at: Mark, nowMs: number, isFuture = true): void {
  suspicion.note({ nodeId, type, mark: at, isFuture }, nowMs);
}

function speak(nodeId: string, times: number, isFuture = true): void {
  for (let i = 1; i <= times; i += 1) note(nodeId, 'heartbeat', mark(i), 0, isFuture);
}

describe('our own clock', () => {
  it('is suspected when two others, and more than agree with us, speak outside the window twice', () => {
    speak('alice', 2);
    expect(suspicion.ownClock(0, 0)).toBe('trusted');
    speak('bob', 2);
    expect(suspicion.ownClock(0, 0)).toBe('behind');
    expect(suspicion.ownClock(1, 0)).toBe('behind');
    expect(suspicion.ownClock(2, 0)).toBe('trusted');
  });

  it('is proven wrong by records from the future alone: late ones may be held back', () => {
    speak('alice', 2, false);
    speak('bob', 2, false);
    expect(suspicion.ownClock(0, 0)).toBe('ahead_or_held_back');
    expect(suspicion.ownClock(2, 0)).toBe('trusted');
    speak('carol', 2);
    expect(suspicion.ownClock(0, 0)).toBe('ahead_or_held_back');
    speak('dave', 2);
    expect(suspicion.ownClock(0, 0)).toBe('behind');
  });

  it('is not suspected for the stale rows of servers that stopped', () => {
    for (const nodeId of ['alice', 'bob', 'carol']) speak(nodeId, 1);
    expect(suspicion.ownClock(0, 0)).toBe('trusted');
  });

  it('is not suspected for records that come again, or in reverse', () => {
    for (const nodeId of ['alice', 'bob']) {
      for (const sequence of [5, 5, 4, 3, 5]) note(nodeId, 'heartbeat', mark(sequence), 0);
    }
    expect(suspicion.ownClock(0, 0)).toBe('trusted');
  });

  it('is suspected for node records as well, which come every two minutes', () => {
    for (const nodeId of ['alice', 'bob']) {
      note(nodeId, 'node', mark(1), 0);
      note(nodeId, 'node', mark(2), 120_000);
    }
    expect(suspicion.ownClock(0, 120_000)).toBe('behind');
  });

  it('is one clock of one server, whatever it speaks with', () => {
    speak('alice', 2);
    note('alice', 'node', mark(1), 0);
    note('alice', 'node', mark(2), 0);
    expect(suspicion.ownClock(0, 0)).toBe('trusted');
  });

  it('is cleared by who speaks inside the window', () => {
    speak('alice', 2);
    speak('bob', 2);
    suspicion.clear('bob');
    expect(suspicion.ownClock(0, 0)).toBe('trusted');
  });

  it('is no longer suspected four minutes after the last of it, though the others are gone', () => {
    speak('alice', 2);
    speak('bob', 2);
    expect(suspicion.ownClock(0, 240_000)).toBe('behind');
    expect(suspicion.ownClock(0, 240_001)).toBe('trusted');
  });
});

import { beforeEach, describe, expect, it } from 'vitest';
import { ClockSuspicion } from '../../src/membership/clock-suspicion.ts';

let suspicion: ClockSuspicion;
beforeEach(() => {
  suspicion = new ClockSuspicion();
});

const mark = (sequence: number) => ({ incarnation: 1, sequence, timestamp: 0, digest: '' });

function speak(nodeId: string, times: number, nowMs = 0): void {
  for (let i = 1; i <= times; i += 1) suspicion.note(nodeId, 'heartbeat', mark(i), nowMs);
}

describe('our own clock', () => {
  it('is suspected when two others, and more than agree with us, speak outside the window twice', () => {
    speak('alice', 2);
    expect(suspicion.isOwnClock(0, 0)).toBe(false);
    speak('bob', 2);
    expect(suspicion.isOwnClock(0, 0)).toBe(true);
    expect(suspicion.isOwnClock(1, 0)).toBe(true);
    expect(suspicion.isOwnClock(2, 0)).toBe(false);
  });

  it('is not suspected for the stale rows of servers that stopped', () => {
    for (const nodeId of ['alice', 'bob', 'carol']) speak(nodeId, 1);
    expect(suspicion.isOwnClock(0, 0)).toBe(false);
  });

  it('is not suspected for records that come again, or in reverse', () => {
    for (const nodeId of ['alice', 'bob']) {
      for (const sequence of [5, 5, 4, 3, 5]) suspicion.note(nodeId, 'heartbeat', mark(sequence), 0);
    }
    expect(suspicion.isOwnClock(0, 0)).toBe(false);
  });

  it('is suspected for node records as well, which come every two minutes', () => {
    for (const nodeId of ['alice', 'bob']) {
      suspicion.note(nodeId, 'node', mark(1), 0);
      suspicion.note(nodeId, 'node', mark(2), 120_000);
    }
    expect(suspicion.isOwnClock(0, 120_000)).toBe(true);
  });

  it('is one clock of one server, whatever it speaks with', () => {
    speak('alice', 2);
    suspicion.note('alice', 'node', mark(1), 0);
    suspicion.note('alice', 'node', mark(2), 0);
    expect(suspicion.isOwnClock(0, 0)).toBe(false);
  });

  it('is cleared by who speaks inside the window', () => {
    speak('alice', 2);
    speak('bob', 2);
    suspicion.clear('bob');
    expect(suspicion.isOwnClock(0, 0)).toBe(false);
  });

  it('is no longer suspected four minutes after the last of it, though the others are gone', () => {
    speak('alice', 2);
    speak('bob', 2);
    expect(suspicion.isOwnClock(0, 240_000)).toBe(true);
    expect(suspicion.isOwnClock(0, 240_001)).toBe(false);
  });
});

/**
 * The rotation of the cluster secret, explored exhaustively (rotation-model.ts), and the same with a bug planted in
 * it: a model that finds none of them would prove nothing.
 */
import { describe, expect, it } from 'vitest';
import type { Roster } from '../../src/membership/roster.ts';
import { judgeFork } from '../../src/membership/roster-fork.ts';
import { nextRotationStep, type Witness } from '../../src/membership/rotation.ts';
import { keysOf } from '../../src/membership/secret-phase.ts';
import type { Operation } from '../../src/protocol/roster-step.ts';
import { type Exploration, explore } from './explore.ts';
import { Chains, type Judge } from './rotation-chains.ts';
import { Cluster, type NextStep } from './rotation-cluster.ts';
import { type Bounds, rotationModel } from './rotation-model.ts';

/** A machine that is busy with other tests takes so long; by itself it is a tenth. */
const EXPLORATION_TIMEOUT_MS = 600_000;
const ONE_ORDER: Bounds = { steps: 8, orders: 1, faults: 2 };
const TWO_ORDERS: Bounds = { steps: 6, orders: 2, faults: 1 };

const nextStep: NextStep = (roster, others, hasHeld) =>
  nextRotationStep(roster, others, { heldForMs: Number(hasHeld), windowMs: 1 });

function explored(bounds: Bounds, judge: Judge = judgeFork, next: NextStep = nextStep): Exploration {
  const { steps, orders, faults } = bounds;
  const exploration = explore(rotationModel(new Cluster(new Chains(judge), next), bounds));
  const { states, transitions, depth, counterexample } = exploration;
  const found = counterexample && [...counterexample.moves, `=> ${counterexample.fault}`].join('\n  ');
  const size = `${states} states, ${transitions} transitions, ${depth} moves deep`;
  const within = `3 nodes, steps ≤ ${steps}, orders ≤ ${orders}, faults ≤ ${faults}`;
  process.stdout.write(`rotation model: ${within}: ${size}\n${found ? `  ${found}\n` : ''}`);
  return exploration;
}

/** The real rule, told something else of the other nodes. */
const misled =
  (change: (witness: Witness, roster: Roster) => Partial<Witness>): NextStep =>
  (roster, others, hasHeld) =>
    nextStep(
      roster,
      others.map((witness) => ({ ...witness, ...change(witness, roster) })),
      hasHeld,
    );

/** The real rule, shown other branches. */
const misreading =
  (change: (operation: Operation, before: Roster | null) => readonly Operation[]): Judge =>
  (ours, theirs, before) => {
    const [our, their] = [ours, theirs].map((branch) =>
      branch.map((step) => ({
        ...step,
        operations: step.operations.flatMap((operation) => change(operation, before)),
      })),
    );
    return judgeFork(our ?? [], their ?? [], before);
  };

describe('the rotation of three nodes', () => {
  it.each([
    ['one rotation, and two faults', ONE_ORDER],
    ['two rotations, or one and a compromise, and one fault', TWO_ORDERS],
  ])(
    'refuses no heartbeat, loses no secret, lets nobody evicted in, and ends: %s',
    (_, bounds) => {
      const { counterexample, states } = explored(bounds);
      expect(counterexample).toBe(null);
      expect(states).toBeGreaterThan(100_000);
    },
    EXPLORATION_TIMEOUT_MS,
  );
});

describe('a planted bug is found: a rotation that', () => {
  it.each<[string, NextStep, RegExp]>([
    [
      'activates before all accept the new secret',
      misled((_, { pending }) => (pending?.phase === 'prepared' ? { accepts: [pending.keyId] } : {})),
      /^[abc] refuses the heartbeat of [abc]$/,
    ],
    [
      'retires before all sign with the secret that stays',
      misled((_, roster) => ({ signs: keysOf(roster).signs, epoch: roster.epoch })),
      /^[abc] refuses the heartbeat of [abc]$/,
    ],
    [
      'retires while somebody may still enter the phase that was abandoned',
      misled(() => ({ epoch: Number.MAX_SAFE_INTEGER })),
      /^[abc] refuses the heartbeat of [abc]$/,
    ],
    [
      'retires before it has spoken itself',
      (roster, others) => nextStep(roster, others, true),
      /^([abc]) refuses the heartbeat of \1$/,
    ],
    [
      'waits for who is absent',
      misled(() => ({ mayLive: true })),
      /^when nobody comes back, .* does not end$/,
    ],
  ])('%s', (_, next, fault) => {
    expect(explored(ONE_ORDER, judgeFork, next).counterexample?.fault).toMatch(fault);
  });

  it.each<[string, Bounds, Judge, RegExp]>([
    [
      'goes back to a secret that some have forgotten',
      ONE_ORDER,
      misreading((operation) => (operation.op === 'retire_secret' ? [] : [operation])),
      /does not have the secret that counts$/,
    ],
    [
      'takes an abandoned secret for as good a reason as the one that counted',
      ONE_ORDER,
      misreading((operation, before) =>
        operation.op === 'retire_secret' && before ? [{ ...operation, key_id: before.keyId }] : [operation],
      ),
      /does not have the secret that counts$/,
    ],
    [
      'goes back behind an eviction',
      TWO_ORDERS,
      misreading((operation) => (operation.op === 'evict' ? [{ ...operation, op: 'remove' }] : [operation])),
      /^c was evicted and is a member again$/,
    ],
  ])('%s', (_, bounds, judge, fault) => {
    expect(explored(bounds, judge).counterexample?.fault).toMatch(fault);
  });
});

import { expect, it } from 'vitest';
import { JudgedSlots } from '../../src/services/cluster/judged-slots.ts';
import type { SlotReading } from '../../src/store/member-store.ts';

const reading = (text: string): SlotReading => ({ kind: 'bytes', bytes: Buffer.from(text) });

it('what is to be judged anew is still known to have lain there, and nothing else is', () => {
  const judged = new JudgedSlots();
  judged.remember('heartbeat', 'b', reading('one'), 'kept');
  expect(judged.layBefore('heartbeat', 'b', reading('one'))).toBe(false);
  judged.clear();
  expect(judged.outcomeOf('heartbeat', 'b', reading('one'))).toBeUndefined();
  expect(judged.layBefore('heartbeat', 'b', reading('one'))).toBe(true);
  expect(judged.layBefore('heartbeat', 'b', reading('two'))).toBe(false);
  expect(judged.layBefore('node', 'b', reading('one'))).toBe(false);
});

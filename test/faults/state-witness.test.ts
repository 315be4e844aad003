import { expect, it } from 'vitest';
import { type Change, falseDeaths } from '../../faults/state-witness.ts';

const change = (nodeId: string, atMs: number, state: Change['state'] = 'offline'): Change => ({
  atMs,
  observer: 'server-01',
  nodeId,
  state,
});

it('a death is false unless the node was absent at that very moment', () => {
  const absences = [{ nodeId: 'server-02', fromMs: 1000, toMs: 2000 }];
  const right = [change('server-02', 1000), change('server-02', 2000), change('server-03', 1500, 'late')];
  const wrong = [change('server-02', 999), change('server-02', 2001), change('server-03', 1500)];
  expect(falseDeaths([...right, ...wrong], absences)).toEqual(wrong);
});

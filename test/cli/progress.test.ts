import { expect, it } from 'vitest';
import { progressLine } from '../../src/cli/progress.ts';

it.each([
  [0, 50e6, 'Node  [........................]  0.0 of 50.0 MB'],
  [25e6, 50e6, 'Node  [############............]  25.0 of 50.0 MB'],
  [50e6, 50e6, 'Node  [########################]  50.0 of 50.0 MB'],
  [60e6, 50e6, 'Node  [########################]  60.0 of 50.0 MB'],
  [1_234_567, null, 'Node  1.2 MB'],
])('a download of %d bytes of %s is shown as it stands', (bytes, total, line) => {
  expect(progressLine('Node', bytes, total)).toBe(line);
});

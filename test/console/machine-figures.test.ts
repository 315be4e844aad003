import { describe, expect, it } from 'vitest';
import { attention } from '../../console/attention.ts';
import { diskFree, diskPercent, memoryPercent, memoryTotal } from '../../console/machine-figures.ts';
import { choose, readChoice } from '../../console/machine-order.ts';
import { bytes, percent } from '../../console/quantities.ts';
import { machine } from './page-data.ts';

const unmeasured = machine({
  machine_id: 'unmeasured',
  memory_percent: 0,
  memory_total_bytes: 0,
  disk_percent: 0,
  disk_free_bytes: 0,
  disk_total_bytes: 0,
});

describe('a figure that is missing', () => {
  it('is a dash and never a zero', () => {
    expect(percent(memoryPercent(unmeasured))).toBe('–');
    expect(bytes(memoryTotal(unmeasured))).toBe('–');
    expect(percent(diskPercent(unmeasured))).toBe('–');
    expect(bytes(diskFree(unmeasured))).toBe('–');
    expect(percent(Number.NaN)).toBe('–');
  });

  it('is told apart from a disk that is really full, which shows its zero', () => {
    const full = machine({ machine_id: 'full', disk_percent: 100, disk_free_bytes: 0 });
    expect(bytes(diskFree(full))).toBe('0 B');
    expect(attention([unmeasured, full]).map(({ key }) => key)).toEqual(['disk full']);
    const byDisk = choose([unmeasured, full], readChoice(new URLSearchParams('sort=disk')));
    expect(byDisk.map(({ machine_id }) => machine_id)).toEqual(['full', 'unmeasured']);
  });
});

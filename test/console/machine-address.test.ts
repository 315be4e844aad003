import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, it } from 'vitest';
import { Router, useRoute } from 'wouter';
import { machineAddress, machineIdOf } from '../../console/machine-address.ts';
import { MACHINE_ID } from '../../src/protocol/report.ts';

function MachineId() {
  const [, params] = useRoute('/machines/:id');
  return machineIdOf(params?.id ?? '');
}

/** The id that the page would be given, through the router that the console uses. */
function idOnThePageAt(address: string): string {
  const page = { ssrPath: address, children: createElement(MachineId) };
  return renderToStaticMarkup(createElement(Router, page));
}

describe('the address of a machine', () => {
  it.each(['EC:2A:04:9B', 'linux:4f2c', 'a.b_c-d', '4C4C4544-0043'])('leads to the id %s', (machineId) => {
    expect(machineId).toMatch(MACHINE_ID);
    expect(idOnThePageAt(machineAddress(machineId))).toBe(machineId);
  });

  it('may be typed with the id as it is', () => {
    expect(idOnThePageAt('/machines/EC:2A')).toBe('EC:2A');
  });

  it('that nobody encoded rightly is no error but an id that no machine has', () => {
    expect(idOnThePageAt('/machines/100%25')).toBe('100%');
  });
});

/** What is wrong with the others, each by its state; and what was refused lately in anybody's name. */
import { type ClusterFacts, recentRefusals, runTwice } from './cluster-facts.ts';
import { isActive } from './failure-detector.ts';
import type { Finding } from './finding.ts';
import { isSuspicious, refusalSentence } from './refusal-words.ts';
import { clonedFinding, silencedFinding } from './twin-findings.ts';

/** Before the code of a refusal, in that of its finding. */
const REFUSED = 'refused_';

export function twins({ members, silentBeside, selfNodeId }: ClusterFacts): Finding[] {
  return members.flatMap(({ nodeId, twin }) => {
    if (nodeId === selfNodeId && silentBeside !== null) return [silencedFinding(nodeId, silentBeside.twin)];
    return twin === null ? [] : [clonedFinding(nodeId, twin)];
  });
}

export function members(facts: ClusterFacts): Finding[] {
  return facts.members.flatMap(({ nodeId, state, silentMs, refusal }): Finding[] => {
    const seconds = Math.round((silentMs ?? 0) / 1000);
    if (state === 'offline') {
      return [
        {
          code: 'node_offline',
          severity: 'warning',
          sentence: `${nodeId} has not been heard for ${seconds} s: it stopped, or somebody holds its row back. Reports go to the others.`,
          mend: 'Start it again, or look at its log (where a package installed it: /var/log/fleet-server.log). If it runs, see who can write to the registry.',
        },
      ];
    }
    if (state === 'rejected') {
      // Only a time in the future proves a clock: who can write to the registry can make any record late.
      const isAhead = refusal?.code === 'timestamp_future';
      return [
        {
          code: 'node_rejected_clock',
          severity: 'warning',
          sentence: isAhead
            ? `${nodeId} is alive, but its clock is ahead, so its records are refused. This is not an attack.`
            : `The records of ${nodeId} come too late and are refused: its clock is behind, or somebody holds its records back.`,
          mend: isAhead
            ? `Set the clock of ${nodeId}; it heals by itself.`
            : `Set the clock of ${nodeId}. If it is right, see who can write to the registry.`,
        },
      ];
    }
    return [];
  });
}

export function refusals(facts: ClusterFacts): Finding[] {
  const twice = runTwice(facts);
  // An evicted name that is heard was readmitted since.
  const back = new Set(facts.members.filter(({ state }) => isActive(state)).map(({ nodeId }) => nodeId));
  const recent = recentRefusals(facts)
    .filter(({ code }) => isSuspicious(code))
    .filter(({ code, nodeId }) => !(code === 'clone' && twice.has(nodeId)))
    .filter(({ code, nodeId }) => !(code === 'evicted' && back.has(nodeId)));
  const newestOfCode = new Map(recent.toReversed().map((refused) => [refused.code, refused]));
  return [...newestOfCode.values()].map((refused) => ({
    code: `${REFUSED}${refused.code}`,
    severity: refused.code === 'clone' || refused.code === 'bad_node_signature' ? 'critical' : 'warning',
    sentence: refusalSentence(refused, facts.selfNodeId),
    mend: 'The record was refused and changed nothing. It is counted in the list of refused records.',
  }));
}

/** A refused record changed nothing: it is told, and makes a healthy cluster no less so. */
export const isOfRefusal = ({ code }: Finding): boolean => code.startsWith(REFUSED);

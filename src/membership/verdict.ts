/** The one sentence on top of the page: if one server dies now, what happens? */
import type { ClusterFacts } from './cluster-facts.ts';
import { isActive } from './failure-detector.ts';
import type { Finding } from './finding.ts';
import { isOfRefusal } from './member-findings.ts';

export type Overall = 'healthy' | 'degraded' | 'critical' | 'at_risk';

export interface Verdict {
  readonly overall: Overall;
  /** If one server dies now, what happens? */
  readonly sentence: string;
  readonly serversThatCanStop: number;
}

/** The worst of the findings about servers, registry and clock. */
export function verdictOf(facts: ClusterFacts, findings: readonly Finding[]): Verdict {
  const active = facts.members.filter((member) => isActive(member.state)).length;
  const canStop = Math.max(0, active - 1);
  const say = (overall: Overall, sentence: string): Verdict => ({
    overall,
    sentence,
    serversThatCanStop: canStop,
  });
  if (!facts.authenticated && facts.clustered)
    return say('at_risk', 'At risk: authentication is off. Anyone who can write to the registry can join.');
  const critical = findings.find((finding) => finding.severity === 'critical');
  if (critical) return say('critical', `Critical: ${critical.sentence}`);
  const warning = findings.find((finding) => finding.severity === 'warning' && !isOfRefusal(finding));
  if (warning) return say('degraded', `Degraded: ${warning.sentence}`);
  if (active < 2) {
    return say(
      facts.clustered ? 'degraded' : 'healthy',
      'One server. If it stops, reports wait on the Macs until it is back.',
    );
  }
  return say('healthy', `Healthy: any one of your ${active} servers can stop and nothing is lost.`);
}

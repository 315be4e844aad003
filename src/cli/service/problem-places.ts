/**
 * What is wrong with a config.yaml, for /var/log/install.log, which every user of the Mac may read: where, by which code
 * and at which key, and never what was found there. A secret may stand at any of these places.
 */
import { type Problem, placeText } from '../../config/problem.ts';
import { say } from '../terminal.ts';

/** `path`: of the config.yaml. What another file is called is a value of it. */
export function sayPlaces(path: string, problems: readonly Problem[]): void {
  for (const { place, severity, code, key } of problems) {
    const where = place.kind === 'file' && place.path === path ? placeText(place) : path;
    const what = severity === 'warning' ? `warning: ${code}` : code;
    say(key === null ? `${where}: ${what}` : `${where}: ${what}: ${key}`);
  }
}

/** Text inside the XML of a package. What XML 1.0 cannot carry (section 2.2) is refused, never dropped. */
import { AtlasError } from '../base/errors.ts';

const NOT_XML = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;
const NAMED: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** For an element's text and for an attribute in either kind of quotes. */
export function escapeXml(text: string): string {
  if (NOT_XML.test(text)) {
    throw new AtlasError('package_unfit', 'A text of the package holds a character that XML cannot carry.', {
      hint: 'Take the control characters out of its names and its title.',
    });
  }
  return text.replace(/[&<>"']/g, (character) => NAMED[character] ?? character);
}

/**
 * A strict reader of small XML texts: elements, attributes and text. No document types, and so no entities but the five
 * of XML itself; nothing of the text names a file or grows when it is read, and each thing in it has a bound.
 */
import { decodeUtf8 } from '../base/bytes.ts';
import { damaged } from './package-fault.ts';
import { XML_MAX_ATTRIBUTES, XML_MAX_DEPTH, XML_MAX_ELEMENTS, XML_MAX_REFERENCES } from './reading-limits.ts';

export interface XmlElement {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** Its own, not that of its children. */
  readonly text: string;
}

interface OpenElement extends XmlElement {
  readonly children: OpenElement[];
  text: string;
}

const NAME = '[A-Za-z_][A-Za-z0-9_.:-]*';
const VALUE = `"[^"<]*"|'[^'<]*'`;
const DECLARATION = /^\ufeff?(?:<\?xml[^?<>]*\?>)?/;
/** A bound within the pattern, because the engine keeps a place for each repetition. */
const ATTRIBUTES = `(?:\\s+${NAME}\\s*=\\s*(?:${VALUE})){0,${XML_MAX_ATTRIBUTES}}`;
const TAG = new RegExp(`<(/?)(${NAME})(${ATTRIBUTES})\\s*(/?)>`, 'y');
const ATTRIBUTE = new RegExp(`(${NAME})\\s*=\\s*(${VALUE})`, 'g');
const REFERENCE = /&([^;&\s]{1,10};)?/g;
const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const CDATA = '<![CDATA[';
const COMMENT = '<!--';

/** Returns the outermost element. `what`: the text's name, for sentences. Throws package_damaged. */
export function readXml(bytes: Uint8Array, what: string): XmlElement {
  const text = decodeUtf8(bytes);
  if (text === undefined) throw notXml(what, 'it is not UTF-8');
  return new XmlReader(text, what).read();
}

/** The first of that name. */
export function childOf(element: XmlElement | undefined, name: string): XmlElement | undefined {
  return element?.children.find((child) => child.name === name);
}

export function childrenOf(element: XmlElement | undefined, name: string): XmlElement[] {
  return element?.children.filter((child) => child.name === name) ?? [];
}

class XmlReader {
  readonly #text: string;
  readonly #what: string;
  readonly #open: OpenElement[] = [];
  #root: XmlElement | undefined;
  #at: number;
  #count = 0;
  #references = 0;

  constructor(text: string, what: string) {
    this.#text = text;
    this.#what = what;
    this.#at = DECLARATION.exec(text)?.[0].length ?? 0;
  }

  read(): XmlElement {
    while (this.#at < this.#text.length) this.#step();
    if (this.#root === undefined || this.#open.length > 0) throw this.#fault('it ends too early');
    return this.#root;
  }

  #step(): void {
    if (this.#text.startsWith(COMMENT, this.#at)) {
      this.#until('-->', COMMENT.length);
    } else if (this.#text.startsWith(CDATA, this.#at)) {
      this.#addText(this.#until(']]>', CDATA.length));
    } else if (this.#text[this.#at] === '<') {
      this.#tag();
    } else {
      const end = this.#text.indexOf('<', this.#at);
      const raw = this.#text.slice(this.#at, end < 0 ? undefined : end);
      this.#addText(this.#decode(raw));
      this.#at += raw.length;
    }
  }

  #until(end: string, skip: number): string {
    const at = this.#text.indexOf(end, this.#at + skip);
    if (at < 0) throw this.#fault('a part of it does not end');
    const inside = this.#text.slice(this.#at + skip, at);
    this.#at = at + end.length;
    return inside;
  }

  #tag(): void {
    TAG.lastIndex = this.#at;
    const found = TAG.exec(this.#text);
    if (found === null) throw this.#fault('it holds something else than elements and text');
    const [whole, closing, name = '', attributes = '', empty] = found;
    this.#at += whole.length;
    if (closing === '/') {
      if (attributes !== '' || empty === '/') throw this.#fault('an end tag holds more than a name');
      this.#close(name);
      return;
    }
    this.#begin({ name, attributes: this.#attributes(attributes), children: [], text: '' });
    if (empty === '/') this.#close(name);
  }

  #begin(element: OpenElement): void {
    this.#count += 1;
    if (this.#count > XML_MAX_ELEMENTS) throw this.#fault(`it has more than ${XML_MAX_ELEMENTS} elements`);
    if (this.#open.length >= XML_MAX_DEPTH) throw this.#fault('its elements are nested too deep');
    const parent = this.#open.at(-1);
    if (parent === undefined) {
      if (this.#root !== undefined) throw this.#fault('it has more than one outermost element');
      this.#root = element;
    } else {
      parent.children.push(element);
    }
    this.#open.push(element);
  }

  #close(name: string): void {
    if (this.#open.pop()?.name !== name) throw this.#fault('its elements do not end in order');
  }

  #attributes(text: string): Map<string, string> {
    const attributes = new Map<string, string>();
    for (const [, name = '', quoted = ''] of text.matchAll(ATTRIBUTE)) {
      if (attributes.has(name)) throw this.#fault('an attribute stands there twice');
      attributes.set(name, this.#decode(quoted.slice(1, -1)));
    }
    return attributes;
  }

  #addText(text: string): void {
    const element = this.#open.at(-1);
    if (element !== undefined) element.text += text;
    else if (text.trim() !== '') throw this.#fault('it holds text outside of its elements');
  }

  /** One reference after the other: to replace them all at once would collect them first, however many. */
  #decode(raw: string): string {
    const pieces: string[] = [];
    let at = 0;
    for (const { 0: whole, 1: body = '', index } of raw.matchAll(REFERENCE)) {
      this.#references += 1;
      if (this.#references > XML_MAX_REFERENCES) throw this.#fault('it has too many references');
      const name = body.slice(0, -1);
      const decoded = NAMED[name] ?? characterOf(name);
      if (decoded === undefined) throw this.#fault('it refers to an entity');
      pieces.push(raw.slice(at, index), decoded);
      at = index + whole.length;
    }
    return pieces.length === 0 ? raw : pieces.join('') + raw.slice(at);
  }

  #fault(why: string) {
    return notXml(this.#what, why);
  }
}

function characterOf(name: string): string | undefined {
  const [, hex, decimal] = /^#(?:x([0-9A-Fa-f]{1,6})|(\d{1,7}))$/.exec(name) ?? [];
  const code = hex === undefined ? Number(decimal ?? Number.NaN) : Number.parseInt(hex, 16);
  const isCharacter = code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
  return isCharacter ? String.fromCodePoint(code) : undefined;
}

function notXml(what: string, why: string) {
  return damaged(`${what} cannot be read: ${why}.`);
}

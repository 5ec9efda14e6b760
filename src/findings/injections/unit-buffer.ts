/** UTF-16 units collected one by one: a string grown by single characters costs many times as much. */
export class UnitBuffer {
  private units: Uint16Array;
  length = 0;

  constructor(capacity: number) {
    this.units = new Uint16Array(capacity);
  }

  push(unit: number): void {
    if (this.length === this.units.length) {
      const larger = new Uint16Array(2 * this.units.length + 16);
      larger.set(this.units);
      this.units = larger;
    }
    this.units[this.length++] = unit;
  }

  toString(): string {
    let text = "";
    for (let at = 0; at < this.length; at += CHUNK)
      text += String.fromCharCode(...this.units.subarray(at, min(at + CHUNK, this.length)));
    return text;
  }
}

const { min } = Math;
/** Arguments of one call; engines take some tens of thousands. */
const CHUNK = 8192;

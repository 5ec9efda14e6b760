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

  /** The units as a string, lone surrogates too. Machines that Node runs on are little-endian. */
  toString(): string {
    return Buffer.from(this.units.buffer, 0, 2 * this.length).toString("utf16le");
  }
}

// Numbers of the API as their digits. A float would have 15 to 17 of them and a rate has up to 18, so a `Decimal` stays text, and becomes a float only where
// something is drawn or compared.

/** A decimal number as the API printed it: digits, perhaps a sign and a point, no exponent. */
export type Decimal = `${number}`;

/** As a float, for charts. */
export const toFloat = (value: Decimal): number => Number(value);

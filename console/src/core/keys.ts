// Keys of those who compose syllables, as in Korean, or words, as in Japanese and Chinese.

/**
 * Whether a key belongs to the input method: it ends or changes what is being composed, and means nothing else. Safari ends the composition before it tells of the key,
 * which has the code 229 then, and no other sign.
 */
export const isComposing = (event: KeyboardEvent): boolean => event.isComposing || event.keyCode === 229;

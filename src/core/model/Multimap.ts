/**
 * A map from keys to lists of values.
 *
 * @internal
 */

/** Adds a value to the end of a key's list, in place. @since 0.1.0 @category operations */
export const append = <K, V>(lists: Map<K, Array<V>>, key: K, value: V): void => {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [value])
  else list.push(value)
}

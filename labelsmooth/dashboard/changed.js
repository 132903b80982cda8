// The figure that a change makes of another. What has not changed stays the same object, and Plotly need not look at it.

export function changed(old, change) {
  if ("set" in change) return change.set;
  if ("add" in change) return [...old, ...change.add];
  const whole = Array.isArray(old) ? [...old] : { ...old };
  for (const [name, part] of Object.entries(change.in)) whole[name] = changed(whole[name], part);
  return whole;
}

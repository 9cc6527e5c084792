/**
 * The part of the sheet that the window shows: moved by dragging and by keys, zoomed around a point.
 *
 * @internal
 */

/** `scale` pixels stand for a unit of the sheet; the sheet's origin lies at `x`, `y` in the window. @since 0.1.0 @category models */
export interface Camera {
  readonly x: number
  readonly y: number
  readonly scale: number
}

interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

interface Size {
  readonly width: number
  readonly height: number
}

const limits = { least: 0.02, most: 2.5 } as const

/** @since 0.1.0 @category operations */
export const zoom = (
  { scale, x, y }: Camera,
  factor: number,
  at: { readonly x: number; readonly y: number }
): Camera => {
  const next = Math.min(limits.most, Math.max(limits.least, scale * factor))
  return { scale: next, x: at.x - ((at.x - x) * next) / scale, y: at.y - ((at.y - y) * next) / scale }
}

/** All of a box, not larger than life. @since 0.1.0 @category constructors */
export const fit = (window: Size, { height, width, x, y }: Box): Camera => {
  const scale = Math.max(
    limits.least,
    Math.min(1.1, (window.width - 48) / Math.max(1, width), (window.height - 48) / Math.max(1, height))
  )
  return {
    scale,
    x: (window.width - width * scale) / 2 - x * scale,
    y: (window.height - height * scale) / 2 - y * scale
  }
}

/** The camera moved so far that a box is inside the window, and close enough to be read. @since 0.1.0 @category operations */
export const reveal = (camera: Camera, window: Size, box: Box): Camera => {
  const near =
    camera.scale < 0.6 ? zoom(camera, 0.8 / camera.scale, { x: window.width / 2, y: window.height / 2 }) : camera
  const [left, top] = [box.x * near.scale + near.x, box.y * near.scale + near.y]
  const [right, bottom] = [left + box.width * near.scale, top + box.height * near.scale]
  const isInside = left >= 16 && top >= 16 && right <= window.width - 16 && bottom <= window.height - 16
  if (isInside) return near
  return {
    scale: near.scale,
    x: window.width / 2 - (box.x + box.width / 2) * near.scale,
    y: window.height / 2 - (box.y + box.height / 2) * near.scale
  }
}

/** The part of the sheet in a window, with a margin of half a window on each side. @since 0.1.0 @category queries */
export const seen = ({ scale, x, y }: Camera, { height, width }: Size, margin: number): Box => ({
  x: (-x - width * margin) / scale,
  y: (-y - height * margin) / scale,
  width: (width * (1 + 2 * margin)) / scale,
  height: (height * (1 + 2 * margin)) / scale
})

/** @since 0.1.0 @category predicates */
export const meets = (one: Box, other: Box): boolean =>
  one.x < other.x + other.width &&
  other.x < one.x + one.width &&
  one.y < other.y + other.height &&
  other.y < one.y + one.height

/** @since 0.1.0 @category predicates */
export const holds = (outer: Box, inner: Box): boolean =>
  outer.x <= inner.x &&
  outer.y <= inner.y &&
  outer.x + outer.width >= inner.x + inner.width &&
  outer.y + outer.height >= inner.y + inner.height

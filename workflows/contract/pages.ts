/** Pages of a plan under way at a time: the tail of one overlaps with the beginning of the next. They share streams. */
export const PAGES_IN_FLIGHT = 2;

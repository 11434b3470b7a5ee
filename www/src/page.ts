/** Pages of text have no code of their own. */
export {};

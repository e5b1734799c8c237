// Original file: tongban/v1/authorization.proto


/**
 * Item codes of a catalogue (通办清单) as they were when the document was written.
 */
export interface CatalogueList {
  'items'?: (string)[];
}

/**
 * Item codes of a catalogue (通办清单) as they were when the document was written.
 */
export interface CatalogueList__Output {
  'items': (string)[];
}

// Original file: tongban/v1/catalogue.proto


export interface MaterialRule {
  'name'?: (string);
  /**
   * R3: the window compares it with the original.
   */
  'originalToBeChecked'?: (boolean);
  /**
   * Whether the case may begin without it (可否容缺).
   */
  'mayFollowLater'?: (boolean);
  /**
   * 材料规格: paper size, validity, what it must show.
   */
  'specification'?: (string);
  /**
   * How many originals and how many copies (原件、复印件份数) on paper.
   */
  'originals'?: (number);
  'copies'?: (number);
  /**
   * 空白表格 and 示例样表: an https address, or sha256: and the digest of a file in hex.
   */
  'blankForm'?: (string);
  'sampleForm'?: (string);
}

export interface MaterialRule__Output {
  'name': (string);
  /**
   * R3: the window compares it with the original.
   */
  'originalToBeChecked': (boolean);
  /**
   * Whether the case may begin without it (可否容缺).
   */
  'mayFollowLater': (boolean);
  /**
   * 材料规格: paper size, validity, what it must show.
   */
  'specification': (string);
  /**
   * How many originals and how many copies (原件、复印件份数) on paper.
   */
  'originals': (number);
  'copies': (number);
  /**
   * 空白表格 and 示例样表: an https address, or sha256: and the digest of a file in hex.
   */
  'blankForm': (string);
  'sampleForm': (string);
}

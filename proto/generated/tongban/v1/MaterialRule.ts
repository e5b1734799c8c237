// Original file: tongban/v1/catalogue.proto


export interface MaterialRule {
  'name'?: (string);
  'originalToBeChecked'?: (boolean);
  'mayFollowLater'?: (boolean);
}

export interface MaterialRule__Output {
  'name': (string);
  'originalToBeChecked': (boolean);
  'mayFollowLater': (boolean);
}

// Original file: tongban/v1/case.proto


export interface QuestionAnswered {
  'id'?: (string);
  'answer'?: (string);
}

export interface QuestionAnswered__Output {
  'id': (string);
  'answer': (string);
}

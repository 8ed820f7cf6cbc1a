package io.retort.training;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JobRunnerTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          [idx] /home/me/data must be there                 | [idx] data must be there
          [idx] /a/b c.gz must be read: '/x/y/z'            | [idx] b c.gz must be read: 'z'
          the file models/student/1/model.json is cut       | the file model.json is cut
          loss is not finite at step 3                      | loss is not finite at step 3
          ../up/there is wrong                              | there is wrong
          """)
  void sentence_directories_areLeftOut(String message, String sentence) {
    assertThat(JobRunner.sentence(new IllegalArgumentException(message))).isEqualTo(sentence);
  }

  @Test
  void sentence_errorFromInside_tellsNothing() {
    assertThat(JobRunner.sentence(new NullPointerException("field x of y")))
        .doesNotContain("field");
  }
}

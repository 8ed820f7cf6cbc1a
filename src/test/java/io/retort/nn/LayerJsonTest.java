package io.retort.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.retort.json.Fields;
import io.retort.json.Json;
import io.retort.json.JsonException;
import io.retort.tensor.Shape;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LayerJsonTest {
  private static Architecture parse(String layers) {
    String json =
        "{\"name\":\"net\",\"input\":[4,8,8],\"layers\":" + layers.replace('\'', '"') + "}";
    return Architecture.parse(Fields.parse("architecture", json));
  }

  @Test
  void sequence_everyKind_isReadAndWrittenBack() {
    String layers =
        "[{'conv':{'filters':8,'kernel':[3,1],'stride':[1,2],'padding':[1,0],'groups':2,'bias':false},'name':'first'},"
            + "{'batchNorm':{'momentum':0.2,'epsilon':0.001}},'batchNorm','relu','gelu',"
            + "{'maxPool':{'kernel':3,'stride':[1,1],'padding':1}},{'avgPool':2},"
            + "{'residual':[{'conv':{'filters':8,'kernel':1}}]},"
            + "{'residual':{'layers':['relu'],'shortcut':[{'relu':{},'name':'side'}]}},"
            + "'flatten',{'dropout':0.5},{'linear':{'units':6,'bias':false}},{'linear':3}]";
    Architecture net = parse(layers);
    assertThat(net.output()).isEqualTo(Shape.of(3));
    assertThat(Architecture.parse(Fields.parse("again", Json.write(net.toMap())))).isEqualTo(net);
    assertThat(Json.parse(Json.write(net.toMap().get("layers"))))
        .isEqualTo(Json.parse(layers.replace('\'', '"')));
  }

  @Test
  void sequence_ofTokens_isReadAndWrittenBack() {
    String layers =
        "[{'embedding':{'rows':50,'units':6}},'layerNorm',{'attention':3},"
            + "{'attention':{'heads':2,'causal':true},'name':'last'},"
            + "{'layerNorm':{'epsilon':0.01}},'flatten']";
    String json = "{\"name\":\"net\",\"input\":[7],\"layers\":" + layers.replace('\'', '"') + "}";
    Architecture net = Architecture.parse(Fields.parse("architecture", json));
    assertThat(net.output()).isEqualTo(Shape.of(42));
    assertThat(Json.parse(Json.write(net.toMap().get("layers"))))
        .isEqualTo(Json.parse(layers.replace('\'', '"')));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "[{'convv':{'filters':8,'kernel':3}}] | layers[0].convv | did you mean conv?",
        "['rellu'] | layers[0].rellu | did you mean relu?",
        "[{'conv':{'filters':8}}] | layers[0].conv.kernel | missing",
        "[{'conv':{'kernel':3}}] | layers[0].conv.filters | missing",
        "['relu',{'conv':{'filters':8,'kernel':3,'strid':1}}] | layers[1].conv.strid | did you mean"
            + " stride?",
        "[{'conv':{'filters':0,'kernel':3}}] | layers[0] | filters must be in 1",
        "[{'conv':{'filters':8,'kernel':0}}] | layers[0] | kernel",
        "[{'conv':{'filters':8,'kernel':[3]}}] | layers[0].conv.kernel | [height, width]",
        "[{'conv':{'filters':'8','kernel':3}}] | layers[0].conv.filters | whole number",
        "[{'conv':{'filters':8,'kernel':3,'groups':3}}] | layers[0] | 8 filters in 3 groups",
        "[{'linear':0.5}] | layers[0].linear.units | whole number",
        "[{'linear':true}] | layers[0].linear | object",
        "[{'dropout':1}] | layers[0] | rate must be in [0, 1): 1.0",
        "['dropout'] | layers[0].dropout.rate | missing",
        "[{'maxPool':{'kernel':2,'padding':2}}] | layers[0] | padding must be below the kernel",
        "[{'batchNorm':{'momentum':2}}] | layers[0] | momentum",
        "[{'layerNorm':{'epsilon':0}}] | layers[0] | epsilon must be in (0, 1]: 0.0",
        "[{'attention':0}] | layers[0] | heads must be in 1",
        "[{'attention':2}] | net/attention1 | a sample must be [S, C]: [4, 8, 8]",
        "['attention'] | layers[0].attention.heads | missing",
        "[{'embedding':{'rows':5}}] | layers[0].embedding.units | missing",
        "[{'embedding':{'rows':0,'units':2}}] | layers[0] | rows must be in 1",
        "[{'relu':{},'gelu':{}}] | layers[0] | relu and gelu",
        "[{'name':'x'}] | layers[0] | none",
        "[{'relu':{'slope':1}}] | layers[0].relu.slope | not known",
        "[{'residual':['relu','rellu']}] | layers[0].residual[1].rellu | relu",
        "[7] | layers[0] | word or an object",
        "[null] | layers[0] | word or an object",
        "[['relu']] | layers[0] | word or an object",
        "'relu' | layers | list of layers",
        "[{'relu':{},'name':'a'},{'relu':{},'name':'a'}] | layers | a stands twice",
        "[] | net | layer",
      })
  void sequence_wrong_namesTheField(String layers, String field, String reason) {
    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> parse(layers))
        .withMessageContaining(field)
        .withMessageContaining(reason);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'input':[1],'layers':['relu']} | name",
        "{'name':'net','layers':['relu']} | input",
        "{'name':'net','input':[0],'layers':['relu']} | input",
        "{'name':'net','input':[1,2,3,4],'layers':['relu']} | input",
        "{'name':'net','input':28,'layers':['relu']} | input",
        "{'name':'net','input':[1],'layers':['relu'],'layrs':1} | layers",
      })
  void parse_wrong_namesTheField(String json, String field) {
    assertThatExceptionOfType(JsonException.class)
        .isThrownBy(() -> Architecture.parse(Fields.parse("architecture", json.replace('\'', '"'))))
        .withMessageContaining(field);
  }
}

package io.retort.http;

import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.multipart.DefaultHttpDataFactory;
import io.netty.handler.codec.http.multipart.FileUpload;
import io.netty.handler.codec.http.multipart.HttpPostMultipartRequestDecoder;
import io.netty.handler.codec.http.multipart.HttpPostRequestDecoder.TooManyFormFieldsException;
import io.netty.handler.codec.http.multipart.InterfaceHttpData;
import io.retort.bus.Failure;
import io.retort.bus.FailureException;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The files of a {@code multipart/form-data} body, in their order; fields count for nothing. */
final class FormFiles {
  private static final int HEADER_BYTES = 1 << 13;

  private FormFiles() {}

  /**
   * Reads a whole body.
   *
   * @param type its content type, with the boundary
   * @throws FailureException INVALID_REQUEST for what is no form, INVALID_IMAGE for one without a
   *     file, BATCH_TOO_LARGE for more than {@code most} parts
   */
  static List<byte[]> read(Buffer body, String type, int most) {
    List<byte[]> files = parse(body, type, most);
    if (files.isEmpty()) {
      throw Failure.INVALID_IMAGE.because("a form must hold a PNG or JPEG file: it holds none");
    }
    return files;
  }

  private static List<byte[]> parse(Buffer body, String type, int most) {
    FullHttpRequest form =
        new DefaultFullHttpRequest(
            HttpVersion.HTTP_1_1,
            HttpMethod.POST,
            PredictRoute.PATH,
            Unpooled.wrappedBuffer(body.getBytes()));
    form.headers().set(HttpHeaderNames.CONTENT_TYPE, type);
    HttpPostMultipartRequestDecoder decoder = null;
    try {
      decoder =
          new HttpPostMultipartRequestDecoder(
              new DefaultHttpDataFactory(false), form, StandardCharsets.UTF_8, most, HEADER_BYTES);
      return files(decoder.getBodyHttpDatas());
    } catch (TooManyFormFieldsException tooMany) {
      throw Failure.BATCH_TOO_LARGE.because("a form may hold " + most + " parts: more came");
    } catch (IOException | RuntimeException broken) {
      throw Failure.INVALID_REQUEST.because("the body cannot be read as multipart/form-data");
    } finally {
      if (decoder != null) {
        decoder.destroy();
      }
    }
  }

  private static List<byte[]> files(List<InterfaceHttpData> parts) throws IOException {
    List<byte[]> files = new ArrayList<>();
    for (InterfaceHttpData part : parts) {
      if (part instanceof FileUpload file) {
        files.add(file.get());
      }
    }
    return files;
  }
}

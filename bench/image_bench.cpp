// How long an epoch of mini-batches takes on a tensor of order 784: images as cells, one mode for each pixel.
// SPDX-License-Identifier: Apache-2.0

// image_bench FOLDER COMPONENTS EPOCHS [VARIANT = natural] [LOG_EVERY = 0] [FILE.npz]
//   FOLDER     has the four files of MNIST
//   VARIANT    natural | random_images | random_labels
//   LOG_EVERY  prints train and test error after every so many epochs, to standard error
//   FILE       where the start is written for a rival: weights (mode, value, component), in float32; then batches come
//              in the order of the file
// Prints JSON: processor seconds of an epoch, mean over all epochs, and both errors at the end.
#include <fmt/core.h>
#include <time.h>

#include <cstdlib>
#include <string>

#include "base/threads.h"
#include "experiment/images/image_set.h"
#include "rankflow/archive.h"

namespace {

using namespace rankflow;

double now() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

void write_start(const CpFactorization<float>& model, const std::string& path) {
  std::vector<float> all;
  for (const MatrixOf<float>& factor : model.factors)
    all.insert(all.end(), factor.data(), factor.data() + factor.size());
  Archive archive;
  archive.set("start", all);
  archive.write(path);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    fmt::print(stderr, "image_bench FOLDER COMPONENTS EPOCHS [VARIANT] [LOG_EVERY] [FILE.npz]\n");
    return 2;
  }
  set_num_threads(1);
  experiment::ImageOptions images;
  if (argc > 4)
    for (OptionField& option : experiment::fields(images))
      if (option.name == "variant") option.set(argv[4]);
  const experiment::ImageSet set = experiment::read_images(argv[1], images, 1);
  const Index epochs = std::atol(argv[3]), log_every = argc > 5 ? std::atol(argv[5]) : 0;
  auto model =
      initialize_cp<float>(set.train.cells.shape(), std::atol(argv[2]), {.mean = 1, .deviation = 1e-3, .seed = 1});
  if (argc > 6) write_start(model, argv[6]);
  BatchDescent<float> engine(set.train, model,
                             {.step_size = 5e-4, .batch = 5000, .shuffled = argc <= 6, .epochs = epochs, .seed = 1});
  const auto error = [&](const BatchProblem<float>& part, bool clipped) {
    return experiment::image_error(engine.values(part.cells), part, images.positive_value, clipped);
  };
  double seconds = 0;
  for (Index done = 0; done < epochs;) {
    const Index stride = log_every > 0 ? std::min(log_every, epochs - done) : epochs;
    const double start = now();
    if (!engine.advance(stride)) break;
    seconds += now() - start;
    done += stride;
    if (log_every > 0)
      fmt::print(stderr, "{:6} train {:.4f} test {:.4f}  {:.1f} ms/epoch\n", done, error(set.train, false),
                 error(set.test, true), 1e3 * seconds / static_cast<double>(done));
  }
  fmt::print(
      "{{\"seconds_per_epoch\": {}, \"epochs\": {}, \"epoch_loss\": {}, \"train_error\": {}, \"test_error\": {}}}\n",
      seconds / static_cast<double>(epochs), engine.moment().epoch, engine.moment().epoch_loss, error(set.train, false),
      error(set.test, true));
  return 0;
}

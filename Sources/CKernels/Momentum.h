// The next momentum; see byz_update_momentum.

INLINE void NAME(update_with)(
  struct byz_momentum_update update, bool decays, bool continues, size_t length, float *restrict result
) {
  for (size_t index = 0; index < length; index++) {
    float gradient = update.gradient[index];
    if (decays) gradient += update.decay * update.parameters[index];
    float added = update.added * (update.scale * gradient);
    result[index] = continues ? update.kept * update.momentum[index] + added : added;
  }
}

static void NAME(update_momentum)(struct byz_momentum_update update, size_t length, float *result) {
  if (update.parameters == NULL) {
    if (update.momentum == NULL) {
      NAME(update_with)(update, false, false, length, result);
    } else {
      NAME(update_with)(update, false, true, length, result);
    }
  } else {
    if (update.momentum == NULL) {
      NAME(update_with)(update, true, false, length, result);
    } else {
      NAME(update_with)(update, true, true, length, result);
    }
  }
}

"""The measures of the strip: what they are called, how they are shown, what they mean."""

# measure: title, scale, digits, unit, what it means
MEASURES = {
    "accuracy": ("Accuracy", 100, 1, " %", "Share of the test examples that the network gets right."),
    "nll": (
        "NLL",
        1,
        2,
        "",
        "Negative log-likelihood: the mean of −log p(right class) on the test part, in nats. It punishes being sure "
        "and wrong. Lower is better.",
    ),
    "ece": (
        "ECE",
        1,
        3,
        "",
        "Expected calibration error: how far confidence and accuracy are apart, averaged over 15 bins of confidence. "
        "0 is perfect, but chance alone keeps it above 0.",
    ),
    "confidence": (
        "Mean confidence",
        100,
        1,
        " %",
        "The mean of the highest probability. A calibrated network is as confident as it is accurate.",
    ),
    "train_logit_gap": (
        "Logit gap ({})",
        1,
        1,
        "",
        "How far the logit of the given label is above the mean of the other logits, on the training part; in brackets "
        "the optimum. On hard labels a network that memorises pushes the gap up for ever. Smoothing makes the optimum "
        "finite: log(q′ on the label / q′ on another class).",
    ),
}

# The dashboard, for a CPU: docker build --tag labelsmooth . && docker run --rm --publish 8501:8501 labelsmooth
# What is set by environment variables, and what stands in front of it: docs/hosting.md.
FROM python:3.11-slim

# PyTorch's index of builds for a CPU, without the libraries of CUDA. An index of your own needs torch and what torch
# needs: docker build --build-arg TORCH_INDEX=...
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
ARG TORCH_VERSION=2.13.0
ENV PYTHONUNBUFFERED=1

# Not root; the number is that which Hugging Face runs containers with.
RUN useradd --create-home --uid 1000 visitor
WORKDIR /home/visitor/app

# From what changes least to what changes most: neither other requirements nor other code install torch again.
RUN pip install --no-cache-dir --index-url "$TORCH_INDEX" "torch==$TORCH_VERSION"
COPY requirements.txt .
RUN pip install --no-cache-dir --requirement requirements.txt

COPY app.py .
COPY .streamlit .streamlit
COPY pages pages
COPY labelsmooth labelsmooth
# Compiled here, because nothing of this is the visitor's to write.
RUN python -m compileall -q app.py pages labelsmooth

USER 1000
EXPOSE 8501
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]
CMD ["python", "-m", "labelsmooth", "dashboard", "--no-browser", "--address", "0.0.0.0"]
